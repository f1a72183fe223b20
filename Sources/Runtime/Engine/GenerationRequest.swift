/// One request to the engine.
public struct GenerationRequest: Sendable {
    /// The whole prompt, at least one token.
    public var prompt: [Int32]
    /// 0: the prompt is computed and kept, nothing is generated (warms the cache).
    public var maxTokens: Int
    public var sampling: Sampling
    /// Each ends the generation and is not emitted.
    public var stopTokens: Set<Int32>
    /// So many alternatives are wanted with each token; 0 gives the token's own log-probability alone.
    public var logprobs: Int?
    /// A request beside the conversation (a title, a summary): it gets the small share of the cache.
    public var isSideCall: Bool
    /// A prefix that is to be kept longer than conversations are.
    public var isPinned: Bool
    /// Constrains each token; applied before sampling.
    public var mask: (any TokenMask)?

    public init(
        prompt: [Int32], maxTokens: Int, sampling: Sampling = Sampling(), stopTokens: Set<Int32> = [], logprobs: Int? = nil, isSideCall: Bool = false,
        isPinned: Bool = false, mask: (any TokenMask)? = nil
    ) {
        self.prompt = prompt
        self.maxTokens = maxTokens
        self.sampling = sampling
        self.stopTokens = stopTokens
        self.logprobs = logprobs
        self.isSideCall = isSideCall
        self.isPinned = isPinned
        self.mask = mask
    }
}

/// How a token is chosen from the logits.
///
/// Order: mask, logit bias, penalties, temperature, top-k, top-p, min-p. With `temperature` 0 the largest logit wins (the
/// smaller id of equals), and the last four have no effect.
public struct Sampling: Sendable, Equatable {
    /// 0 is greedy.
    public var temperature: Float
    /// The smallest set of most likely tokens whose probabilities reach it; 1 keeps all.
    public var topP: Float
    /// 0 keeps all.
    public var topK: Int
    /// Tokens less likely than this share of the most likely one are dropped; 0 keeps all.
    public var minP: Float
    /// The same seed gives the same tokens; random where nil.
    public var seed: UInt64?
    /// Divides positive and multiplies negative logits of tokens in prompt and answer; 1 has no effect (CTRL, arXiv 1909.05858).
    public var repetitionPenalty: Float
    /// Subtracted once for a token that the answer has (OpenAI).
    public var presencePenalty: Float
    /// Subtracted for each time the answer has a token (OpenAI).
    public var frequencyPenalty: Float
    /// Added to the logit of the token with this id.
    public var logitBias: [Int32: Float]

    public init(
        temperature: Float = 0, topP: Float = 1, topK: Int = 0, minP: Float = 0, seed: UInt64? = nil, repetitionPenalty: Float = 1,
        presencePenalty: Float = 0, frequencyPenalty: Float = 0, logitBias: [Int32: Float] = [:]
    ) {
        self.temperature = temperature
        self.topP = topP
        self.topK = topK
        self.minP = minP
        self.seed = seed
        self.repetitionPenalty = repetitionPenalty
        self.presencePenalty = presencePenalty
        self.frequencyPenalty = frequencyPenalty
        self.logitBias = logitBias
    }
}
