/// What the server needs of the engine: token ids in, token ids out. Text is not its business.
///
/// `Engine` is the one that computes; the server's tests bring their own.
public protocol GenerationEngine: Sendable {
    /// Tokens of prompt and answer together.
    var contextWindow: Int { get }
    /// Ids are below it.
    var vocabularySize: Int { get }

    /// Queues `request` and gives its events in order: one `started`, the tokens, one `finished`.
    ///
    /// Ending the iteration (or cancelling its task) cancels the request within one step. The stream throws `EngineError`.
    func generate(_ request: GenerationRequest) -> AsyncThrowingStream<GenerationEvent, any Error>

    /// How many leading tokens of a prompt are held in memory or on disk, so that they would not be computed again.
    func cachedPrefixLength(of tokens: [Int32]) -> Int

    /// A snapshot, for `/metrics` and `/health`.
    var statistics: EngineStatistics { get }

    /// Ends what runs (`EngineError.shuttingDown`), writes what is worth keeping, and returns when that is on disk.
    func shutdown() async
}

/// Why the engine does not take, or does not finish, a request.
public enum EngineError: Error, Sendable, Equatable {
    /// As many requests wait as may (`limit`); the client should come back later.
    case queueFull(limit: Int)
    /// The prompt alone (or with the least answer) does not fit.
    case contextOverflow(prompt: Int, limit: Int)
    /// The request is not one that can be computed: an empty prompt, an id outside the vocabulary, a sampling value out of range.
    case invalidRequest(String)
    case shuttingDown
    /// The computation itself failed; the engine goes on with other requests.
    case failed(RuntimeError)
}
