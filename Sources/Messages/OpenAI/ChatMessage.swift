import JSON

extension OpenAI {
    /// One message of a conversation.
    public struct ChatMessage: Members {
        public var members: JSONObject
        public init(members: JSONObject) { self.members = members }

        public init(role: String, content: JSON? = nil) {
            members = ["role": .string(role)]
            self.content = content
        }

        public init(role: String, text: String) { self.init(role: role, content: .string(text)) }

        public var role: String {
            get { string("role") ?? "" }
            set { self["role"] = .string(newValue) }
        }
        /// A string, a list of parts, or nil.
        public var content: JSON? {
            get { self["content"] }
            set { self["content"] = newValue }
        }
        /// The text of `content`: the string, or its text parts one after the other.
        public var text: String? {
            switch content {
            case .string(let text): text
            case .array(let parts): parts.compactMap { $0["text"]?.stringValue }.joined()
            default: nil
            }
        }
        /// What the model thought before it answered; servers call it `reasoning_content` or `reasoning`.
        public var reasoning: String? {
            get { string("reasoning_content") ?? string("reasoning") }
            set { self["reasoning_content"] = newValue.map(JSON.string) }
        }
        public var toolCalls: [ToolCall] {
            get { elements("tool_calls") ?? [] }
            set { set("tool_calls", newValue.isEmpty ? nil : newValue) }
        }
        /// Of a `tool` message: the call that it answers.
        public var toolCallID: String? {
            get { string("tool_call_id") }
            set { self["tool_call_id"] = newValue.map(JSON.string) }
        }
    }

    /// A call of a function, whole; `arguments` is the JSON text that the model wrote.
    public struct ToolCall: Members {
        public var members: JSONObject
        public init(members: JSONObject) { self.members = members }

        public init(id: String, name: String, arguments: String) {
            members = ["id": .string(id), "type": "function", "function": ["name": .string(name), "arguments": .string(arguments)]]
        }

        public var id: String? { string("id") }
        public var name: String? { self["function"]?["name"]?.stringValue }
        public var arguments: String? { self["function"]?["arguments"]?.stringValue }
    }

    /// A function that the model may call.
    public struct Tool: Members {
        public var members: JSONObject
        public init(members: JSONObject) { self.members = members }

        public init(name: String, description: String? = nil, parameters: JSON) {
            var function: JSONObject = ["name": .string(name)]
            if let description { function["description"] = .string(description) }
            function["parameters"] = parameters
            members = ["type": "function", "function": .object(function)]
        }

        public var function: Function? { self["function"]?.objectValue.map(Function.init(members:)) }
        public var name: String? { function?.string("name") }
        /// The JSON Schema of its arguments.
        public var parameters: JSON? { function?["parameters"] }
    }

    public struct Function: Members {
        public var members: JSONObject
        public init(members: JSONObject) { self.members = members }
    }
}
