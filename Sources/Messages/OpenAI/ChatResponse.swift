import JSON

extension OpenAI {
    /// A whole chat completion: the answer where no stream was asked for.
    public struct ChatResponse: Sendable, Equatable {
        public var id: String
        public var model: String
        /// Unix seconds.
        public var created: Int
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
            public var message: ChatMessage
            public var finishReason: FinishReason?
            public var logprobs: JSON?
            public var stopString: String?

            public init(
                index: Int = 0, message: ChatMessage, finishReason: FinishReason?, logprobs: JSON? = nil, stopString: String? = nil
            ) {
                self.index = index
                self.message = message
                self.finishReason = finishReason
                self.logprobs = logprobs
                self.stopString = stopString
            }
        }

        public var json: JSON {
            OpenAI.envelope(
                "chat.completion", id: id, created: created, model: model,
                choices: choices.map { choice in
                    OpenAI.choice(
                        ["index": .integer(choice.index), "message": choice.message.json], logprobs: choice.logprobs ?? .null,
                        finish: choice.finishReason, stopString: choice.stopString)
                }, usage: usage)
        }
    }

    /// What an answer and a chunk of one have in common.
    static func envelope(_ object: JSON, id: String, created: Int, model: String, choices: [JSON], usage: Usage?) -> JSON {
        var members: JSONObject = [
            "id": .string(id), "object": object, "created": .integer(created), "model": .string(model), "choices": .array(choices),
        ]
        members["usage"] = usage?.json
        return .object(members)
    }

    /// - Parameter members: those of the kind of choice; what all choices have follows them.
    static func choice(_ members: JSONObject, logprobs: JSON?, finish: FinishReason?, stopString: String?) -> JSON {
        var members = members
        members["logprobs"] = logprobs
        members["finish_reason"] = finish.map { .string($0.rawValue) } ?? .null
        members["stop_reason"] = stopString.map(JSON.string)
        return .object(members)
    }
}
