import JSON

/// A request of the chat-completions API as one of the Messages API (facts on the API, section 3.3, "Reverse direction").
public enum ChatToMessages {
    public struct Options: Sendable {
        /// The model id sent upstream; the request's own where nil.
        public var model: String?
        /// The API demands a limit; this one where the request has none.
        public var maxTokens: Int
        /// Versions of the API from 2026-10-21 on refuse temperature and `top_p`.
        public var allowsSampling: Bool

        public init(model: String? = nil, maxTokens: Int, allowsSampling: Bool) {
            self.model = model
            self.maxTokens = maxTokens
            self.allowsSampling = allowsSampling
        }
    }

    /// The body, which always asks for a stream.
    ///
    /// - Throws: 400 that names the member which has no counterpart.
    public static func body(of chat: OpenAI.ChatRequest, _ options: Options) throws(OpenAI.Failure) -> JSONObject {
        try refuseUnsupported(chat)
        guard let model = options.model ?? chat.model, !model.isEmpty else { throw .invalidRequest("`model` is missing", param: "model") }
        var turns = ChatTurns()
        for (index, message) in chat.messages.enumerated() { try turns.add(message, at: "messages[\(index)]") }
        guard !turns.messages.isEmpty else { throw .invalidRequest("`messages` has no message of a user", param: "messages") }
        let limit = chat.maxTokens ?? options.maxTokens
        var body: JSONObject = ["model": .string(model), "max_tokens": .integer(min(limit, options.maxTokens))]
        var system = turns.system
        if chat["response_format"]?["type"] == "json_object" { system.append("Answer with one JSON object and nothing else.") }
        if !system.isEmpty { body["system"] = .string(system.joined(separator: "\n\n")) }
        body["messages"] = .array(turns.messages)
        try setTools(chat, in: &body)
        setSampling(chat, options, in: &body)
        setOutput(chat, in: &body)
        if let user = chat.string("user") { body["metadata"] = ["user_id": .string(user)] }
        body["stream"] = true
        return body
    }

    private static func refuseUnsupported(_ chat: OpenAI.ChatRequest) throws(OpenAI.Failure) {
        for key in ["logprobs", "functions", "audio"] where chat[key] != nil && chat[key]?.boolValue != false {
            throw .invalidRequest("`\(key)` has no counterpart in the Messages API, which this backend speaks", param: key)
        }
        if let count = chat["n"]?.intValue, count != 1 { throw .invalidRequest("this backend gives one answer: `n` must be 1", param: "n") }
    }

    private static func setTools(_ chat: OpenAI.ChatRequest, in body: inout JSONObject) throws(OpenAI.Failure) {
        let tools = chat.tools
        guard !tools.isEmpty else { return }
        body["tools"] = .array(
            tools.map { tool in
                var object: JSONObject = [
                    "name": .string(tool.name ?? ""), "input_schema": tool.parameters ?? ["type": "object", "properties": [:]],
                ]
                object["description"] = tool.function?.string("description").map(JSON.string)
                object["strict"] = tool.function?["strict"]
                return .object(object)
            })
        var choice: JSONObject =
            switch try chat.toolChoice {
            case .auto: ["type": "auto"]
            case .required: ["type": "any"]
            case .none: ["type": "none"]
            case .named(let name): ["type": "tool", "name": .string(name)]
            }
        let isParallel = chat["parallel_tool_calls"]?.boolValue ?? true
        if !isParallel, choice["type"] != "none" { choice["disable_parallel_tool_use"] = true }
        if chat["tool_choice"] != nil || !isParallel { body["tool_choice"] = .object(choice) }
    }

    private static func setSampling(_ chat: OpenAI.ChatRequest, _ options: Options, in body: inout JSONObject) {
        switch chat["stop"] {
        case .string(let text)?: body["stop_sequences"] = [.string(text)]
        case .array(let texts)? where !texts.isEmpty: body["stop_sequences"] = .array(texts)
        default: break
        }
        guard options.allowsSampling else { return }
        // Its scale ends at 1.
        if let temperature = chat["temperature"], let value = temperature.doubleValue { body["temperature"] = value > 1 ? 1 : temperature }
        if let value = chat["top_p"], value.doubleValue != nil { body["top_p"] = value }
    }

    private static func setOutput(_ chat: OpenAI.ChatRequest, in body: inout JSONObject) {
        var output: JSONObject = [:]
        switch chat.string("reasoning_effort") {
        case nil: break
        case "none"?: body["thinking"] = ["type": "disabled"]
        case "minimal"?: output["effort"] = "low"
        case let effort?: output["effort"] = .string(effort)
        }
        if chat["response_format"]?["type"] == "json_schema", let schema = chat["response_format"]?["json_schema"]?["schema"] {
            output["format"] = ["type": "json_schema", "schema": schema]
        }
        if !output.isEmpty { body["output_config"] = .object(output) }
    }
}
