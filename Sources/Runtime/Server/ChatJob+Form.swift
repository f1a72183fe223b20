import JSON
import Messages

/// Which form a request demands of its answer.
extension ChatJob {
    struct Choice {
        /// What the answer must be; nil: anything.
        var form: AnswerForm?
        /// Whether there has to be a call.
        var isForced = false
        var isNamed = false
        var forbidsCalls = false
    }

    /// A demanded call is the whole answer, so that `response_format` says nothing of it. Where the model may call or answer, the format
    /// is that of the answer, and then calls are constrained too.
    static func choice(_ request: OpenAI.ChatRequest, tools: [JSON], model: ServedModel) throws(OpenAI.Failure) -> Choice {
        let choice = try request.toolChoice
        let format = try format(request["response_format"])
        let members = RequestMembers(json: .object(request.members))
        let allowsSeveral = try members.flag("parallel_tool_calls") ?? true
        if choice == .none { return Choice(form: format.map { AnswerForm(format: $0) }, forbidsCalls: true) }
        if choice == .auto {
            guard tools.isEmpty || model.dialect != nil else {
                throw .invalidRequest(
                    "the model's chat template writes tool calls in no notation that is known here; send the request without `tools`",
                    param: "tools", code: "unsupported_parameter")
            }
            guard let format else { return Choice() }
            guard !tools.isEmpty else { return Choice(form: AnswerForm(format: format)) }
            try demandGrammarOfCalls(model, "response_format", "send `response_format` without `tools`, or with `tool_choice`: \"none\"")
            if model.dialect?.openers.contains(where: { $0.isEmpty || $0.hasPrefix("{") }) ?? false {
                throw .invalidRequest(
                    "this model's calls look like JSON answers: send `response_format` without `tools`, or with `tool_choice`: \"none\"",
                    param: "response_format", code: "unsupported_parameter")
            }
            return Choice(form: AnswerForm(tools: tools.compactMap(Self.tool), allowsSeveralCalls: allowsSeveral, format: format))
        }
        guard !tools.isEmpty, model.dialect != nil else {
            throw .invalidRequest(
                "`tool_choice` demands a call, but there are no tools, or the model has no notation for calls", param: "tool_choice")
        }
        try demandGrammarOfCalls(model, "tool_choice", "use \"auto\"")
        let all = tools.compactMap(Self.tool)
        guard case .named(let name) = choice else {
            return Choice(form: AnswerForm(tools: all, allowsSeveralCalls: allowsSeveral), isForced: true)
        }
        guard let named = all.first(where: { $0.name == name }) else {
            throw .invalidRequest("`tool_choice` names `\(name)`, which is not among `tools`", param: "tool_choice")
        }
        return Choice(form: AnswerForm(tools: [named]), isForced: true, isNamed: true)
    }

    private static func demandGrammarOfCalls(_ model: ServedModel, _ param: String, _ remedy: String) throws(OpenAI.Failure) {
        guard !model.grammars.writesCalls else { return }
        throw .invalidRequest(
            "calls in the notation `\(model.dialect?.name ?? "none")` cannot be demanded: \(remedy)", param: param, code: "unsupported_parameter")
    }

    private static func tool(_ tool: JSON) -> AnswerForm.Tool? {
        guard let function = tool["function"], let name = function["name"]?.stringValue else { return nil }
        var parameters = function["parameters"] ?? .null
        // A tool that declares nothing takes nothing.
        if parameters.isNull || parameters == [:] { parameters = ["type": "object", "properties": [:]] }
        return AnswerForm.Tool(name: name, parameters: parameters)
    }

    /// The schema of an answer; nil where it is a text.
    private static func format(_ value: JSON?) throws(OpenAI.Failure) -> JSON? {
        guard let value, !value.isNull else { return nil }
        switch value["type"] {
        case "text"?: return nil
        case "json_object"?: return ["type": "object"]
        case "json_schema"?:
            guard let form = value["json_schema"], form.objectValue != nil else {
                throw .invalidRequest("`response_format.json_schema` must be an object", param: "response_format")
            }
            guard let schema = form["schema"], !schema.isNull else { return true }
            guard schema.objectValue != nil || schema.boolValue != nil else {
                throw .invalidRequest("`response_format.json_schema.schema` must be a schema, not \(schema.typeName)", param: "response_format")
            }
            return schema
        default:
            throw .invalidRequest(
                "`response_format.type` must be \"text\", \"json_object\" or \"json_schema\", not \(value["type"]?.text.prefix(80) ?? "absent")",
                param: "response_format")
        }
    }

    /// The mask for a form, which the tokens that the answer may have must suffice for.
    static func mask(
        _ form: AnswerForm, _ model: ServedModel, promptTokens: Int, maxTokens: Int?
    ) throws(OpenAI.Failure) -> (mask: GrammarMask, dropped: [String]) {
        let window = model.engine.contextWindow
        let room = window - promptTokens
        guard room > 0 else { throw .contextLengthExceeded(promptTokens: promptTokens, window: window) }
        let param = form.format != nil ? "response_format" : "tools"
        let result: (mask: GrammarMask, dropped: [String])
        do {
            result = try model.grammars.mask(form, stopTokens: model.stopTokens, budget: min(maxTokens ?? room, room))
        } catch {
            let place = error.place.isEmpty ? "" : " at `\(error.place.prefix(200))`"
            throw .invalidRequest("the schema\(place): \(error.message)", param: param, code: "invalid_schema")
        }
        guard let fewest = result.mask.fewestTokens else {
            throw .invalidRequest("the model's vocabulary cannot write an answer of that form", param: param)
        }
        if let maxTokens, maxTokens < fewest {
            throw .invalidRequest(
                "the shortest answer of the form that is demanded has \(fewest) tokens, `max_tokens` is \(maxTokens)", param: "max_tokens")
        }
        guard fewest <= room else {
            throw .invalidRequest(
                "prompt has \(promptTokens) tokens and the shortest answer of the form that is demanded \(fewest), the context window is \(window)",
                param: "messages", code: "context_length_exceeded")
        }
        return result
    }
}
