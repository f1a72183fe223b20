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
    /// How hard the model is to try: what the last system turn says for this answer, else the whole request.
    public let effort: String?

    /// - Parameters:
    ///   - isCount: a body of `/v1/messages/count_tokens`, which has no `max_tokens`.
    ///   - version: whose rules it must keep.
    /// - Throws: 400 `invalid_request_error` that names the member as the API does.
    public init(_ value: JSON, isCount: Bool = false, version: APIVersion = .of2023) throws(AnthropicError) {
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
        for (index, message) in messages.enumerated() { turns.append(try Turn(message, at: "messages.\(index)", version)) }
        self.turns = turns
        system = try ContentBlock.list(json["system"], at: "system")
        tools = try Self.list(json["tools"], "tools")
        toolChoice = try Self.toolChoice(json["tool_choice"])
        disablesParallelTools = json["tool_choice"]?["disable_parallel_tool_use"]?.boolValue ?? false
        stream = json["stream"]?.boolValue ?? false
        stopSequences = try Self.stopSequences(json["stop_sequences"])
        thinking = Self.thinking(json["thinking"])
        effort = Self.effort(json, messages)
        try Self.checkSampling(json, version)
        try checkToolChoice()
    }
}
