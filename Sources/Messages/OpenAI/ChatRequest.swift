import JSON

extension OpenAI {
    /// The body of `POST /v1/chat/completions`.
    public struct ChatRequest: Members {
        public var members: JSONObject
        public init(members: JSONObject) { self.members = members }

        public init(model: String, messages: [ChatMessage]) {
            members = [:]
            self.model = model
            self.messages = messages
        }

        /// The request of `json`; every message and tool must be an object with what makes it one.
        public init(_ json: JSON) throws(Failure) {
            try self.init(json, param: "body")
            guard let messages = self["messages"] else { throw .invalidRequest("`messages` is missing", param: "messages") }
            guard case .array(let elements) = messages else {
                throw .invalidRequest("`messages` must be a list, not \(messages.typeName)", param: "messages")
            }
            for (index, element) in elements.enumerated() {
                let param = "messages[\(index)]"
                let message = try ChatMessage(element, param: param)
                guard message.string("role") != nil else { throw .invalidRequest("`\(param).role` must be a string", param: param) }
            }
            guard let tools = self["tools"] else { return }
            guard case .array(let elements) = tools else { throw .invalidRequest("`tools` must be a list, not \(tools.typeName)", param: "tools") }
            for (index, element) in elements.enumerated() {
                let param = "tools[\(index)]"
                guard try Tool(element, param: param).function?.string("name") != nil else {
                    throw .invalidRequest("`\(param)` must be {\"type\": \"function\", \"function\": {\"name\", …}}", param: param)
                }
            }
        }

        public var model: String? {
            get { string("model") }
            set { self["model"] = newValue.map(JSON.string) }
        }
        public var messages: [ChatMessage] {
            get { elements("messages") ?? [] }
            set { set("messages", newValue) }
        }
        public var tools: [Tool] {
            get { elements("tools") ?? [] }
            set { set("tools", newValue.isEmpty ? nil : newValue) }
        }
        public var stream: Bool {
            get { self["stream"]?.boolValue ?? false }
            set { self["stream"] = .bool(newValue) }
        }
        /// Whether the last chunk of a stream tells the usage.
        public var includeUsage: Bool {
            get { self["stream_options"]?["include_usage"]?.boolValue ?? false }
            set {
                var options = self["stream_options"]?.objectValue ?? [:]
                options["include_usage"] = .bool(newValue)
                self["stream_options"] = .object(options)
            }
        }
        /// `max_completion_tokens`, else the older `max_tokens`.
        public var maxTokens: Int? {
            get { self["max_completion_tokens"]?.intValue ?? self["max_tokens"]?.intValue }
            set { self["max_tokens"] = newValue.map(JSON.integer) }
        }
        /// The digest of leading messages and tools that the native runtime holds and this request leaves out.
        public var prefix: String? {
            get { string("prefix") }
            set { self["prefix"] = newValue.map(JSON.string) }
        }
        /// How tools may be used; auto where nothing is said.
        public var toolChoice: ToolChoice {
            get throws(Failure) { try self["tool_choice"].map { json throws(Failure) in try ToolChoice(json) } ?? .auto }
        }
        public mutating func setToolChoice(_ choice: ToolChoice) { self["tool_choice"] = choice.json }
    }

    public enum ToolChoice: Sendable, Equatable {
        case auto, none, required
        case named(String)

        public init(_ json: JSON) throws(Failure) {
            switch json {
            case "auto": self = .auto
            case "none": self = .none
            case "required": self = .required
            default:
                guard json["type"] == "function", let name = json["function"]?["name"]?.stringValue else {
                    throw .invalidRequest(
                        "`tool_choice` must be auto, none, required or {\"type\": \"function\", \"function\": {\"name\"}}", param: "tool_choice")
                }
                self = .named(name)
            }
        }

        public var json: JSON {
            switch self {
            case .auto: "auto"
            case .none: "none"
            case .required: "required"
            case .named(let name): ["type": "function", "function": ["name": .string(name)]]
            }
        }
    }
}
