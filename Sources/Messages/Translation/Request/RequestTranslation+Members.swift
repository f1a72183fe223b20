import JSON

extension RequestTranslation {
    static func setToolChoice(_ request: MessagesRequest, _ dialect: BackendDialect, in body: inout JSONObject) {
        switch (request.toolChoice, dialect.toolChoice) {
        case (.auto?, _): body["tool_choice"] = "auto"
        case (.any?, _): body["tool_choice"] = "required"
        // Of a server that does not listen, the tools themselves are kept: it would call them.
        case (MessagesRequest.ToolChoice.none?, .ignored): body["tools"] = nil
        // Elsewhere they stay in the request, and so in the prompt.
        case (MessagesRequest.ToolChoice.none?, _): body["tool_choice"] = "none"
        case (.tool(let name)?, .byName): body["tool_choice"] = ["type": "function", "function": ["name": .string(ToolNames.wire(name))]]
        case (.tool(let name)?, _):
            // It knows no names: that one is all that it may call.
            let only = body["tools"]?.arrayValue?.filter { $0["function"]?["name"]?.stringValue == ToolNames.wire(name) }
            body["tools"] = only.map(JSON.array)
            body["tool_choice"] = "required"
        case (nil, _): break
        }
        if request.disablesParallelTools, dialect.understandsParallelToolCalls, body["tools"] != nil || body["prefix"] != nil {
            body["parallel_tool_calls"] = false
        }
    }

    static func setSampling(_ request: MessagesRequest, _ options: Options, in body: inout JSONObject) {
        if let wanted = request.maxTokens {
            let most = min(wanted, options.maxOutputTokens ?? wanted, options.contextWindow ?? wanted)
            body["max_tokens"] = .integer(options.dialect.acceptsZeroMaxTokens ? most : max(1, most))
        }
        for key in ["temperature", "top_p"] + (options.dialect.understandsTopK ? ["top_k"] : []) {
            if let value = request.json[key]?.unlessNull { body[key] = value }
        }
        // Those that the server has no room for are looked for in the answer here, as all of them are.
        let stops = request.stopSequences.prefix(options.dialect.maximumStops ?? .max)
        if !stops.isEmpty { body["stop"] = .array(stops.map(JSON.string)) }
    }

    static func setThinking(_ request: MessagesRequest, _ dialect: BackendDialect, in body: inout JSONObject) {
        switch (dialect.thinkingSwitch, thinking(of: request)) {
        case (.templateArgument, .on(let budget?)):
            if let member = dialect.thinkingBudgetMember { body[member] = .integer(budget) }
        case (.reasoningObject, .off): body["reasoning"] = ["enabled": false]
        case (.reasoningObject, .on(let budget?)): body["reasoning"] = ["max_tokens": .integer(budget)]
        case (.reasoningObject, .on(nil)): body["reasoning"] = effort(of: request).map { ["effort": .string($0)] } ?? ["enabled": true]
        case (.templateArgument, _), (.none, _): break
        }
        if let arguments = templateArguments(of: request, dialect: dialect) { body["chat_template_kwargs"] = arguments }
        if dialect.effort == .member, let effort = effort(of: request) { body["reasoning_effort"] = .string(effort) }
    }

    /// The API has no thinking before a call that is demanded.
    private static func thinking(of request: MessagesRequest) -> MessagesRequest.Thinking {
        switch request.toolChoice {
        case .any?, .tool?: .off
        default: request.thinking
        }
    }

    /// What the server's template is told beside messages and tools: part of the prompt, and so of its count.
    public static func templateArguments(of request: MessagesRequest, dialect: BackendDialect) -> JSON? {
        guard dialect.thinkingSwitch == .templateArgument else { return nil }
        let thinks = JSON.bool(thinking(of: request) != .off)
        // Templates differ in the name: DeepSeek's and Granite's know the second one.
        var arguments: JSONObject = ["enable_thinking": thinks, "thinking": thinks]
        if dialect.effort == .templateArgument, let effort = effort(of: request) { arguments["reasoning_effort"] = .string(effort) }
        return .object(arguments)
    }

    /// In the words that servers and templates know.
    private static func effort(of request: MessagesRequest) -> String? {
        switch request.effort {
        case "low", "medium", "high": request.effort
        case "xhigh", "max": "high"
        default: nil
        }
    }

    /// Who asks, and no more: the client writes device, account and session into one JSON text.
    static func user(of request: MessagesRequest) -> String? {
        guard let id = request.json["metadata"]?["user_id"]?.stringValue, !id.isEmpty else { return nil }
        guard case .object(let parts)? = try? JSON(parsing: id) else { return String(id.prefix(128)) }
        return parts["device_id"]?.stringValue.map { String($0.prefix(128)) }
    }
}
