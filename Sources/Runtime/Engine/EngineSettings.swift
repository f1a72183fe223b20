import Checkpoint

/// What the engine may use.
public struct EngineSettings: Sendable, Equatable {
    /// Tokens of prompt and answer together; the checkpoint's own limit where nil.
    public var contextWindow: Int?
    /// Requests waiting for a place in the batch; more are refused with `EngineError.queueFull`.
    public var maxQueue: Int
    /// Requests computed together.
    public var maxBatch: Int
    /// Prompt tokens computed in one step at most; fewer where they would take longer than the following two allow.
    public var prefillChunk: Int
    /// Seconds of a step while others run or wait, about: what a stream's next token, and the first of a short prompt, may wait for. At least 32
    /// tokens are computed, whatever they take.
    public var sharedStepSeconds: Double
    /// Seconds of a step of one prompt alone, about: a request that comes meanwhile waits for its end, and so does leaving. Where nil, 0.4; one for
    /// a model with experts, most of whose weights are read in a step of few tokens as of many.
    public var loneStepSeconds: Double?
    /// Tokens of answer that there must be memory for, beside what a request has and what those who run have, before it is taken up. Not more,
    /// because answers are seldom as long as they may be; when they turn out to be, the youngest is put back and goes on later.
    public var answerMargin: Int
    /// Tokens of an answer that are proposed at most, from what stood after the same tokens before, and computed in one step with the token before
    /// them; 0: none. The answer is the same. Seven and one make whole tiles of the kernels.
    public var lookupTokens: Int
    /// Nothing is proposed while more requests than this run: together they fill a step anyway.
    public var lookupStreams: Int
    /// Memory for keys and values, live and cached together; where nil, what `maxBatch` full windows need, at most what `memoryBytes` leaves
    /// for them and half of the memory that is available at start, at least one full window.
    public var kvMemoryBytes: Int?
    /// Memory for the whole process.
    public var memoryBytes: Int?
    public var cache: CacheSettings

    public init(
        contextWindow: Int? = nil, maxQueue: Int = 64, maxBatch: Int = 8, prefillChunk: Int = 512,
        sharedStepSeconds: Double = 0.25, loneStepSeconds: Double? = nil, answerMargin: Int = 512, lookupTokens: Int = AnswerRows.proposed,
        lookupStreams: Int = AnswerRows.streams, kvMemoryBytes: Int? = nil,
        memoryBytes: Int? = nil, cache: CacheSettings = CacheSettings()
    ) {
        self.contextWindow = contextWindow
        self.maxQueue = maxQueue
        self.maxBatch = maxBatch
        self.prefillChunk = prefillChunk
        self.sharedStepSeconds = sharedStepSeconds
        self.loneStepSeconds = loneStepSeconds
        self.answerMargin = answerMargin
        self.lookupTokens = lookupTokens
        self.lookupStreams = lookupStreams
        self.kvMemoryBytes = kvMemoryBytes
        self.memoryBytes = memoryBytes
        self.cache = cache
    }
}
