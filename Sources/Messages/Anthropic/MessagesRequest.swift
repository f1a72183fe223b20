import JSON

/// A request to `/v1/messages`: the members that a translation reads, checked, over the JSON that carries all the others.
///
/// Shapes: Messages API of 2026-10-21 and 2023-06-01 (facts on the API, section 3.1). Members that are not known survive in `json`.
public struct MessagesRequest: Sendable {
    public enum Role: Sendable, Equatable { case user, assistant, system }

    public struct Turn: Sendable, Equatable {
        public var role: Role
        public var content: [ContentBlock]

        public init(role: Role, content: [ContentBlock]) {
            self.role = role
            self.content = content
        }
    }

    /// What happens between the sampled tokens and the answer's visible part.
    public enum Thinking: Sendable, Equatable { case off, on(budget: Int?) }

    public enum ToolChoice: Sendable, Equatable { case auto, any, none, tool(String) }

    public let json: JSONObject
    /// What the reader of the body knows of it; nil where it was made in another way.
    public var parts: BodyParts?
    public let model: String
    /// Zero asks for a warm prompt cache and no answer; nil in a request that only counts.
    public let maxTokens: Int?
    public let system: [ContentBlock]
    public let turns: [Turn]
    public let tools: [JSON]
    public let toolChoice: ToolChoice?
    public let disablesParallelTools: Bool
    public let stream: Bool
    public let stopSequences: [String]
    public let thinking: Thinking

    /// - Parameter isCount: a body of `/v1/messages/count_tokens`, which has no `max_tokens`.
    /// - Throws: 400 `invalid_request_error` that names the member as the API does.
    public init(_ value: JSON, isCount: Bool = false) throws(AnthropicError) {
        guard let json = value.objectValue else { throw .invalid("the body must be a JSON object, found \(value.typeName)") }
        self.json = json
        guard let model = json["model"]?.stringValue, !model.isEmpty else { throw .invalid("model: Field required") }
        self.model = model
        switch json["max_tokens"] {
        case .integer(let count)? where count >= 0: maxTokens = count
        case nil where isCount: maxTokens = nil
        case nil: throw .invalid("max_tokens: Field required")
        default: throw .invalid("max_tokens: Input should be an integer that is not negative")
        }
        guard case .array(let messages)? = json["messages"] else { throw .invalid("messages: Input should be a valid list") }
        guard !messages.isEmpty else { throw .invalid("messages: at least one message is required") }
        guard messages.count <= 100_000 else { throw .invalid("messages: at most 100000 messages are accepted, found \(messages.count)") }
        var turns: [Turn] = []
        turns.reserveCapacity(messages.count)
        for (index, message) in messages.enumerated() { turns.append(try Turn(message, at: "messages.\(index)")) }
        self.turns = turns
        system = try ContentBlock.list(json["system"], at: "system")
        tools = try Self.list(json["tools"], "tools")
        toolChoice = try Self.toolChoice(json["tool_choice"])
        disablesParallelTools = json["tool_choice"]?["disable_parallel_tool_use"]?.boolValue ?? false
        stream = json["stream"]?.boolValue ?? false
        var stops: [String] = []
        for (index, stop) in try Self.list(json["stop_sequences"], "stop_sequences").enumerated() {
            guard let text = stop.stringValue else { throw .invalid("stop_sequences.\(index): Input should be a valid string") }
            stops.append(text)
        }
        stopSequences = stops
        thinking = Self.thinking(json["thinking"])
    }

    private static func list(_ json: JSON?, _ name: String) throws(AnthropicError) -> [JSON] {
        switch json {
        case nil, .null?: return []
        case .array(let elements)?: return elements
        case .some(let value): throw .invalid("\(name): Input should be a valid list, found \(value.typeName)")
        }
    }

    private static func toolChoice(_ json: JSON?) throws(AnthropicError) -> ToolChoice? {
        guard let json, !json.isNull else { return nil }
        switch json["type"]?.stringValue {
        case "auto": return .auto
        case "any": return .any
        case "none": return ToolChoice.none
        case "tool":
            guard let name = json["name"]?.stringValue else { throw .invalid("tool_choice.tool.name: Field required") }
            return .tool(name)
        default: throw .invalid("tool_choice.type: Input should be 'auto', 'any', 'tool' or 'none'")
        }
    }

    /// Unknown kinds of thinking count as on: newer clients send them to models that think.
    private static func thinking(_ json: JSON?) -> Thinking {
        guard let type = json?["type"]?.stringValue, type != "disabled" else { return .off }
        return .on(budget: json?["budget_tokens"]?.intValue)
    }
}

extension MessagesRequest.Turn {
    init(_ json: JSON, at path: String) throws(AnthropicError) {
        guard let object = json.objectValue else { throw .invalid("\(path): Input should be an object, found \(json.typeName)") }
        switch object["role"]?.stringValue {
        // `ctx` and `msg` come from some releases of the client and mean what a user turn means.
        case "user", "ctx", "msg": role = .user
        case "assistant": role = .assistant
        case "system": role = .system
        case let other?: throw .invalid("\(path).role: Input should be 'user', 'assistant' or 'system', found '\(other)'")
        case nil: throw .invalid("\(path).role: Field required")
        }
        guard let content = object["content"] else { throw .invalid("\(path).content: Field required") }
        self.content = try ContentBlock.list(content, at: "\(path).content")
    }
}
