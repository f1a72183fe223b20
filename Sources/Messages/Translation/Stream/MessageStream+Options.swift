import JSON

extension MessageStream {
    public struct Options: Sendable {
        /// `msg_…`, unique: clients merge answers that share an id.
        public var id: String
        /// The client's own name of the model.
        public var model: String
        public var names: ToolNames
        /// Put on thinking blocks: says whose they are. Never empty, or clients fail.
        public var signature: String
        public var showsThinking: Bool
        /// False keeps the first call alone.
        public var allowsParallelCalls: Bool
        /// The answer was only asked for to warm a cache.
        public var discardsOutput: Bool
        /// Tokens of prompt and answer together, where they are known: an answer that a full window ends says so.
        public var contextWindow: Int?
        public var maximumHeldBytes: Int

        public init(
            id: String, model: String, names: ToolNames = ToolNames(), signature: String = "anyclaude.v1", showsThinking: Bool = true,
            allowsParallelCalls: Bool = true, discardsOutput: Bool = false, contextWindow: Int? = nil, maximumHeldBytes: Int = 16 << 20
        ) {
            self.id = id
            self.model = model
            self.names = names
            self.signature = signature
            self.showsThinking = showsThinking
            self.allowsParallelCalls = allowsParallelCalls
            self.discardsOutput = discardsOutput
            self.contextWindow = contextWindow
            self.maximumHeldBytes = maximumHeldBytes
        }
    }

    public enum Input: Sendable {
        case chunk(JSON)
        /// `[DONE]`, or the end of the body.
        case end
        /// Upstream cannot go on.
        case failure(AnthropicError)
    }
}
