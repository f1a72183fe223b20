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
        /// The server's account of its reasoning goes into the signatures, so that it comes back with the conversation.
        public var keepsReasoningDetails = false
        /// False where the client forbids calls: those that come all the same are text.
        public var allowsCalls: Bool
        /// False keeps the first call alone.
        public var allowsParallelCalls: Bool
        /// The answer was only asked for to warm a cache.
        public var discardsOutput: Bool
        /// Tokens of prompt and answer together, where they are known: an answer that a full window ends says so.
        public var contextWindow: Int?
        /// What of the text is thinking or a call, where the server does not tell it apart.
        public var textFormat: OutputParser.Settings?
        /// Texts that end the answer, whether or not the server knows them; they are not part of it.
        public var stopSequences: [String]
        /// Tokens of the prompt, for a server that has not counted them yet, or never does.
        public var estimatedInput: @Sendable () -> Int
        public var maximumHeldBytes: Int

        public init(
            id: String, model: String, names: ToolNames = ToolNames(), signature: String = OwnThinking.mark, showsThinking: Bool = true,
            allowsCalls: Bool = true, allowsParallelCalls: Bool = true, discardsOutput: Bool = false, contextWindow: Int? = nil,
            textFormat: OutputParser.Settings? = nil, stopSequences: [String] = [], estimatedInput: @escaping @Sendable () -> Int = { 0 },
            maximumHeldBytes: Int = 16 << 20
        ) {
            self.id = id
            self.model = model
            self.names = names
            self.signature = signature
            self.showsThinking = showsThinking
            self.allowsCalls = allowsCalls
            self.allowsParallelCalls = allowsParallelCalls
            self.discardsOutput = discardsOutput
            self.contextWindow = contextWindow
            self.textFormat = textFormat
            self.stopSequences = stopSequences
            self.estimatedInput = estimatedInput
            self.maximumHeldBytes = maximumHeldBytes
        }
    }

    public enum Input: Sendable {
        case chunk(JSON)
        /// A chunk that is no more than that, behind one that was named.
        case piece(PlainChunk)
        /// `[DONE]`, or the end of the body.
        case end
        /// Upstream cannot go on.
        case failure(AnthropicError)
    }
}
