import JSON

/// A request to `/v1/messages` as a request to `/v1/chat/completions`.
///
/// In two parts, since the first is the same for a whole session and worth keeping: the prefix (tools and system) and the turns.
public enum RequestTranslation {
    /// Tools and system, translated.
    public struct Prefix: Sendable, Equatable {
        public var messages: [JSON]
        public var tools: [JSON]
        public var names: ToolNames

        /// What a server that keeps prefixes is sent: `{"messages": …, "tools": …}`.
        public var json: JSON { ["messages": .array(messages), "tools": .array(tools)] }
    }

    public struct Options: Sendable, Equatable {
        public var dialect: BackendDialect
        /// What the server says of itself, where the dialect asks for it.
        public var keepsInlineSystem: Bool
        /// The model id sent upstream; the request's own where nil.
        public var model: String?
        public var contextWindow: Int?
        public var maxOutputTokens: Int?
        public var sampling = SamplingDefaults()
        public var extras = RequestExtras()

        public init(
            dialect: BackendDialect, keepsInlineSystem: Bool? = nil, model: String? = nil, contextWindow: Int? = nil, maxOutputTokens: Int? = nil
        ) {
            self.dialect = dialect
            self.keepsInlineSystem =
                switch dialect.inlineSystem {
                case .keep: true
                case .fold: false
                case .asked: keepsInlineSystem ?? false
                }
            self.model = model
            self.contextWindow = contextWindow
            self.maxOutputTokens = maxOutputTokens
        }
    }

    /// What the prefix is made from, and so what it may be kept by.
    public static func prefixSource(of request: MessagesRequest) -> JSON {
        [
            "system": request.json["system"] ?? .null, "tools": .array(request.tools),
            "referenced": .array(request.turns.referencedTools.map(JSON.string)),
        ]
    }

    public static func prefix(of request: MessagesRequest, dialect: BackendDialect) throws(AnthropicError) -> Prefix {
        let tools = try ToolDefinitions(request.tools, referenced: request.turns.referencedTools)
        return Prefix(messages: SystemPrompt.messages(of: request.system, dialect: dialect), tools: tools.functions, names: tools.names)
    }

    /// The messages behind the prefix.
    public static func turns(of request: MessagesRequest, options: Options) throws(AnthropicError) -> [JSON] {
        var messages = try Conversation.messages(of: request.turns, dialect: options.dialect, keepsInlineSystem: options.keepsInlineSystem)
        if options.dialect.responseFormat == .instruction, let schema = schema(of: request) { instruct(schema, in: &messages) }
        return messages
    }

    /// - Parameter heldPrefix: the digest under which the server already holds `prefix`; its messages and tools are then left out.
    public static func body(
        of request: MessagesRequest, prefix: Prefix, turns: [JSON], heldPrefix: String? = nil, options: Options
    ) throws(AnthropicError) -> JSONObject {
        let dialect = options.dialect
        var body: JSONObject = ["model": .string(options.model ?? request.model)]
        if let heldPrefix {
            body["prefix"] = .string(heldPrefix)
            body["messages"] = .array(turns)
        } else {
            body["messages"] = .array(prefix.messages + turns)
            if !prefix.tools.isEmpty { body["tools"] = .array(prefix.tools) }
        }
        if !prefix.tools.isEmpty { setToolChoice(request, dialect, in: &body) }
        setSampling(request, options, in: &body)
        options.sampling.complete(&body, for: dialect)
        setThinking(request, dialect, in: &body)
        if let schema = schema(of: request) {
            switch dialect.responseFormat {
            case .openAI: body["response_format"] = ["type": "json_schema", "json_schema": ["name": "answer", "schema": schema, "strict": true]]
            case .bareSchema: body["response_format"] = ["type": "json_schema", "json_schema": schema]
            case .instruction: break
            }
        }
        options.extras.complete(&body, for: dialect)
        for member in dialect.extra.members where body[member.key] == nil { body[member.key] = member.value }
        // Upstream always streams: silence shows, an answer can be cancelled, and a whole one is the same stream folded.
        body["stream"] = true
        body["stream_options"] = ["include_usage": true]
        return body
    }

    /// The answer's text is not wanted: the request only warms a cache that the server cannot warm without one token.
    public static func discardsOutput(_ request: MessagesRequest, dialect: BackendDialect) -> Bool {
        request.maxTokens == 0 && !dialect.acceptsZeroMaxTokens
    }

    private static func setToolChoice(_ request: MessagesRequest, _ dialect: BackendDialect, in body: inout JSONObject) {
        switch request.toolChoice {
        case .auto?: body["tool_choice"] = "auto"
        case .any?: body["tool_choice"] = "required"
        // The tools stay in the request, and so in the prompt.
        case MessagesRequest.ToolChoice.none?: body["tool_choice"] = "none"
        case .tool(let name)?: body["tool_choice"] = ["type": "function", "function": ["name": .string(ToolNames.wire(name))]]
        case nil: break
        }
        if request.disablesParallelTools, dialect.understandsParallelToolCalls { body["parallel_tool_calls"] = false }
    }

    private static func setSampling(_ request: MessagesRequest, _ options: Options, in body: inout JSONObject) {
        if let wanted = request.maxTokens {
            let most = min(wanted, options.maxOutputTokens ?? wanted, options.contextWindow ?? wanted)
            body["max_tokens"] = .integer(options.dialect.acceptsZeroMaxTokens ? most : max(1, most))
        }
        for key in ["temperature", "top_p"] + (options.dialect.understandsTopK ? ["top_k"] : []) {
            if let value = request.json[key], value.doubleValue != nil { body[key] = value }
        }
        if !request.stopSequences.isEmpty { body["stop"] = .array(request.stopSequences.map(JSON.string)) }
    }

    private static func setThinking(_ request: MessagesRequest, _ dialect: BackendDialect, in body: inout JSONObject) {
        let effort = request.json["output_config"]?["effort"]?.stringValue.map { ["xhigh", "max"].contains($0) ? "high" : $0 }
        switch (dialect.thinkingSwitch, request.thinking) {
        case (.templateArgument, _): body["chat_template_kwargs"] = templateArguments(of: request, dialect: dialect)
        case (.reasoningObject, .off): body["reasoning"] = ["enabled": false]
        case (.reasoningObject, .on(let budget?)): body["reasoning"] = ["max_tokens": .integer(budget)]
        case (.reasoningObject, .on(nil)): body["reasoning"] = effort.map { ["effort": .string($0)] } ?? ["enabled": true]
        case (.none, _): break
        }
    }

    /// What the server's template is told beside messages and tools: part of the prompt, and so of its count.
    public static func templateArguments(of request: MessagesRequest, dialect: BackendDialect) -> JSON? {
        guard dialect.thinkingSwitch == .templateArgument else { return nil }
        // The API has no thinking before a call that is demanded.
        let demandsCall =
            switch request.toolChoice {
            case .any?, .tool?: true
            default: false
            }
        return ["enable_thinking": .bool(request.thinking != .off && !demandsCall)]
    }

    private static func schema(of request: MessagesRequest) -> JSON? {
        guard let format = request.json["output_config"]?["format"], format["type"]?.stringValue == "json_schema" else { return nil }
        return format["schema"]
    }

    /// Behind the last words, so that the prefix stays what it was.
    private static func instruct(_ schema: JSON, in messages: inout [JSON]) {
        let words = "Answer with one JSON value that matches this schema, and nothing else:\n\(schema.text)"
        guard let last = messages.indices.last, var message = messages[last].objectValue, message["role"] == "user" else {
            return messages.append(["role": "user", "content": .string(words)])
        }
        switch message["content"] {
        case .string(let text)?: message["content"] = .string(text.isEmpty ? words : text + "\n\n" + words)
        case .array(let parts)?: message["content"] = .array(parts + [TextPart.json(words)])
        default: message["content"] = .string(words)
        }
        messages[last] = .object(message)
    }
}
