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

        /// - Throws: the error that the body holds in an answer's place, or that it is no answer.
        public init(_ json: JSON) throws(Failure) {
            if let error = json["error"], !error.isNull, let failure = Failure(json, status: error["code"]?.intValue ?? 500) { throw failure }
            guard case .array(let elements)? = json["choices"] else {
                throw Failure(status: 502, message: "not a chat completion: \(json.text.prefix(200))", type: "server_error")
            }
            id = json["id"]?.stringValue ?? ""
            model = json["model"]?.stringValue ?? ""
            created = json["created"]?.intValue ?? 0
            choices = elements.map { element in
                Choice(
                    index: element["index"]?.intValue ?? 0, message: ChatMessage(members: element["message"]?.objectValue ?? [:]),
                    finishReason: element["finish_reason"]?.stringValue.map(FinishReason.init),
                    logprobs: element["logprobs"].flatMap { $0.isNull ? nil : $0 },
                    stopString: element["stop_reason"]?.stringValue)
            }
            usage = json["usage"].flatMap(Usage.init)
        }

        public var json: JSON {
            var members: JSONObject = [
                "id": .string(id), "object": "chat.completion", "created": .integer(created), "model": .string(model),
                "choices": .array(
                    choices.map { choice in
                        var members: JSONObject = ["index": .integer(choice.index), "message": choice.message.json]
                        members["logprobs"] = choice.logprobs ?? .null
                        members["finish_reason"] = choice.finishReason.map { .string($0.rawValue) } ?? .null
                        members["stop_reason"] = choice.stopString.map(JSON.string)
                        return .object(members)
                    }),
            ]
            members["usage"] = usage?.json
            return .object(members)
        }
    }
}
