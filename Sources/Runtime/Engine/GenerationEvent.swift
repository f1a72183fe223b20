/// What happens to a request, in order.
public enum GenerationEvent: Sendable, Equatable {
    /// The prompt has its place; `cachedTokens` of it were found (in memory or on disk) and are not computed. Reading from disk took
    /// `restoreSeconds`.
    case started(promptTokens: Int, cachedTokens: Int, source: CacheSource, restoreSeconds: Double)
    case token(GeneratedToken)
    case finished(FinishReason, GenerationStatistics)
}

public struct GeneratedToken: Sendable, Equatable {
    public var id: Int32
    /// Natural logarithm of the probability that the model itself gave it: before mask, bias, penalties and temperature. Nil unless asked for.
    public var logprob: Float?
    /// The most likely tokens by the same measure, most likely first. Empty unless asked for.
    public var alternatives: [TokenLogprob]

    public init(id: Int32, logprob: Float? = nil, alternatives: [TokenLogprob] = []) {
        self.id = id
        self.logprob = logprob
        self.alternatives = alternatives
    }
}

public struct TokenLogprob: Sendable, Equatable {
    public var id: Int32
    public var logprob: Float

    public init(id: Int32, logprob: Float) {
        self.id = id
        self.logprob = logprob
    }
}

public enum FinishReason: Sendable, Equatable {
    /// One of the request's stop tokens was chosen.
    case stopToken(Int32)
    /// `maxTokens` were generated.
    case length
    /// The context window is full.
    case contextFull
    /// The mask allowed no token any more: what it describes is complete.
    case noTokenAllowed
}

/// Counts and times of one request. Times are seconds of the monotonic clock.
public struct GenerationStatistics: Sendable, Equatable {
    public var promptTokens: Int
    public var cachedTokens: Int
    public var generatedTokens: Int
    /// Of `promptSeconds`, what reading from disk took.
    public var restoreSeconds: Double = 0
    /// From `generate` until the engine took the request up.
    public var queueSeconds: Double
    /// From there until the prompt was computed: restoring and prefill.
    public var promptSeconds: Double
    /// From there until the end.
    public var decodeSeconds: Double
    /// Of the answer: tokens that were proposed by what stood before (`EngineSettings.lookupTokens`), and those of them that came true.
    public var proposedTokens = 0
    public var acceptedTokens = 0

    public init(
        promptTokens: Int = 0, cachedTokens: Int = 0, generatedTokens: Int = 0, queueSeconds: Double = 0, promptSeconds: Double = 0,
        decodeSeconds: Double = 0
    ) {
        self.promptTokens = promptTokens
        self.cachedTokens = cachedTokens
        self.generatedTokens = generatedTokens
        self.queueSeconds = queueSeconds
        self.promptSeconds = promptSeconds
        self.decodeSeconds = decodeSeconds
    }
}
