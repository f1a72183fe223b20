/// What the native runtime needs to know: written by the compiler, delivered by the supervisor as descriptor `settings`.
public struct WorkerSettings: Codable, Sendable, Equatable {
    public var model: PlanPath
    /// The id under which the model is offered.
    public var modelName: String
    /// Tokens of prompt and answer together; the checkpoint's own limit where nil.
    public var contextWindow: Int?
    public var cache: Cache
    /// Threads of the kernels; all cores that the process may use where nil.
    public var threads: Int?
    /// Requests waiting for a place in the batch; more are answered 429.
    public var maxQueue: Int
    /// Requests decoded together.
    public var maxBatch: Int
    /// The memory that the worker may use: what weights and overhead leave of it is for keys and values. Nil bounds them by what is free.
    public var memoryBytes: Int?

    public init(
        model: PlanPath, modelName: String, contextWindow: Int? = nil, cache: Cache, threads: Int? = nil, maxQueue: Int = 64, maxBatch: Int = 8,
        memoryBytes: Int? = nil
    ) {
        self.model = model
        self.modelName = modelName
        self.contextWindow = contextWindow
        self.cache = cache
        self.threads = threads
        self.maxQueue = maxQueue
        self.maxBatch = maxBatch
        self.memoryBytes = memoryBytes
    }

    enum CodingKeys: String, CodingKey {
        case model, cache, threads
        case modelName = "model_name"
        case contextWindow = "context_window"
        case maxQueue = "max_queue"
        case maxBatch = "max_batch"
        case memoryBytes = "memory_bytes"
    }

    /// Layer 3: the KV store.
    public struct Cache: Codable, Sendable, Equatable {
        public var enabled: Bool
        /// Chain tips that are kept.
        public var slots: Int
        /// A prompt shorter than this is not worth keeping.
        public var minTokens: Int
        public var directory: PlanPath
        public var maxBytes: Int
        /// Files of prompts that are computed when the worker is ready; none where nil.
        public var warm: [PlanPath]?

        public init(
            enabled: Bool = true, slots: Int = 10, minTokens: Int = 100, directory: PlanPath, maxBytes: Int = 8 << 30, warm: [PlanPath]? = nil
        ) {
            self.enabled = enabled
            self.slots = slots
            self.minTokens = minTokens
            self.directory = directory
            self.maxBytes = maxBytes
            self.warm = warm
        }

        enum CodingKeys: String, CodingKey {
            case enabled, slots, directory, warm
            case minTokens = "min_tokens"
            case maxBytes = "max_bytes"
        }
    }
}
