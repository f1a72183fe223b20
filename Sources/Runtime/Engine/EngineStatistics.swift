import Locking

/// Counts since the engine started, and what it holds now.
public struct EngineStatistics: Sendable, Equatable {
    /// Requests that wait for a place in the batch.
    public var queued = 0
    /// Requests that are computed now.
    public var active = 0
    public var requestsCompleted = 0
    public var requestsCancelled = 0
    public var requestsRefused = 0
    /// How often a running request was put back because memory for keys and values was short; it went on later.
    public var requestsPutBack = 0
    public var promptTokens = 0
    public var generatedTokens = 0
    /// Tokens of answers that were proposed by what stood before, and those of them that came true.
    public var proposedTokens = 0
    public var acceptedTokens = 0
    /// Prompt tokens that were computed, not found.
    public var prefilledTokens = 0
    public var prefillSeconds: Double = 0
    public var decodeSeconds: Double = 0
    public var cache = CacheStatistics()

    public init() {}
}

/// The latest statistics of the engine's thread, for others to read.
final class PublishedStatistics: Sendable {
    let value: Mutex<EngineStatistics>

    init(_ value: EngineStatistics) { self.value = Mutex(value) }
}
