import JSON

extension OpenAI {
    /// One `data:` of a streamed chat completion.
    public struct ChatChunk: Sendable, Equatable {
        public var id: String
        public var model: String
        /// Unix seconds.
        public var created: Int
        /// Empty in a chunk that carries usage alone.
        public var choices: [Choice]
        public var usage: Usage?

        public init(id: String, model: String, created: Int, choices: [Choice], usage: Usage? = nil) {
            self.id = id
            self.model = model
            self.created = created
            self.choices = choices
            self.usage = usage
        }

        public struct Choice: Sendable, Equatable {
            public var index: Int
            public var delta: Delta
            public var finishReason: FinishReason?
            public var logprobs: JSON?
            /// The stop string that ended the answer, where the server says it.
            public var stopString: String?

            public init(
                index: Int = 0, delta: Delta = Delta(), finishReason: FinishReason? = nil, logprobs: JSON? = nil, stopString: String? = nil
            ) {
                self.index = index
                self.delta = delta
                self.finishReason = finishReason
                self.logprobs = logprobs
                self.stopString = stopString
            }
        }

        public struct Delta: Sendable, Equatable {
            public var role: String?
            public var content: String?
            public var reasoning: String?
            public var toolCalls: [ToolCallDelta]
            /// OpenRouter's account of the reasoning, piece by piece; the server may want it back.
            var reasoningDetails: [JSON] = []
            /// The content is the model's refusal to answer.
            var isRefusal = false

            public init(role: String? = nil, content: String? = nil, reasoning: String? = nil, toolCalls: [ToolCallDelta] = []) {
                self.role = role
                self.content = content
                self.reasoning = reasoning
                self.toolCalls = toolCalls
            }
        }

        /// A piece of a call; id and name come with its first piece.
        public struct ToolCallDelta: Sendable, Equatable {
            public var index: Int
            public var id: String?
            public var name: String?
            public var arguments: String?

            public init(index: Int, id: String? = nil, name: String? = nil, arguments: String? = nil) {
                self.index = index
                self.id = id
                self.name = name
                self.arguments = arguments
            }
        }
    }

    /// Why an answer ended. Servers invent words of their own, so the set is open.
    public struct FinishReason: RawRepresentable, Sendable, Hashable {
        public var rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }
        public static let stop = Self(rawValue: "stop")
        public static let length = Self(rawValue: "length")
        public static let toolCalls = Self(rawValue: "tool_calls")
        public static let contentFilter = Self(rawValue: "content_filter")

        /// Words by which servers say that they gave an answer up: a shutdown, an abort, a provider that failed.
        var isBrokenOff: Bool { ["error", "abort", "aborted", "cancelled", "canceled"].contains(rawValue) }
    }
}
