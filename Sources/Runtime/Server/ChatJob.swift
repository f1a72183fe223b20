import JSON
import Messages

/// One chat request, understood: what the engine is asked, and how its tokens are to be read.
struct ChatJob: Sendable {
    let prompt: ConversationPrompt
    let generation: GenerationRequest
    let parser: OutputParser.Settings
    let stops: [String]
    let streams: Bool
    let includesUsage: Bool
    /// Whether the answer is calls, and nothing else.
    let isForced: Bool
    /// Whether the answer ends with its first call.
    let endsWithFirstCall: Bool
    let wantsLogprobs: Bool
    /// How many answers are wanted.
    let count: Int
    /// Keywords of schemas that the answer need not meet.
    let dropped: [String]

    init(_ body: JSON, model: ServedModel, prefixes: PrefixStore) throws(OpenAI.Failure) {
        let request = try OpenAI.ChatRequest(body)
        let members = RequestMembers(json: body)
        try Self.refuseUnsupported(members)
        var options = try GenerationOptions(body, defaults: model.defaults, vocabularySize: model.engine.vocabularySize)
        let (messages, tools) = try Self.conversation(request, prefixes)
        guard !messages.isEmpty else { throw .invalidRequest("`messages` is empty", param: "messages") }
        let callable = try tools + LateTools.all(of: messages)
        let choice = try Self.choice(request, tools: callable, model: model)
        var templateOptions = try Self.templateOptions(members)
        if choice.form != nil, templateOptions["enable_thinking"] == nil { templateOptions["enable_thinking"] = false }
        prompt = try model.prompt(messages: messages, tools: tools, options: templateOptions)
        if choice.forbidsCalls, let dialect = model.dialect {
            for opener in dialect.callOnlyOpeners {
                if let id = model.tokenizer.id(of: opener) { options.sampling.logitBias[id] = -.infinity }
            }
        }
        wantsLogprobs = try members.flag("logprobs") ?? false
        let alternatives = try members.integer("top_logprobs", in: 0...20)
        guard wantsLogprobs || alternatives == nil else { throw .invalidRequest("`top_logprobs` needs `logprobs`: true", param: "top_logprobs") }
        var mask: GrammarMask?
        if var form = choice.form {
            // A block of reasoning that the template has opened is ended first.
            if prompt.startsInReasoning { form.reasoningEnd = "\n</think>\n\n" }
            let made = try Self.mask(form, model, promptTokens: prompt.tokens.count, maxTokens: options.maxTokens)
            mask = made.mask
            dropped = made.dropped
            // A token that must never come could be the only one that may.
            options.sampling.logitBias = options.sampling.logitBias.mapValues { max($0, -10_000) }
        } else {
            dropped = []
        }
        generation = GenerationRequest(
            prompt: prompt.tokens, maxTokens: options.maxTokens ?? max(1, model.engine.contextWindow - prompt.tokens.count),
            sampling: options.sampling, stopTokens: model.stopTokens, logprobs: wantsLogprobs ? alternatives ?? 0 : nil,
            isSideCall: try members.flag("side_call") ?? false, mask: mask)
        let tellsCalls = !callable.isEmpty && !choice.forbidsCalls
        parser = .init(
            dialect: tellsCalls || model.dialect?.framesAnswers == true ? model.dialect : nil, tellsCalls: tellsCalls,
            tools: ToolSchemas(callable.compactMap { $0.objectValue.map(OpenAI.Tool.init(members:)) }),
            readsReasoning: model.readsReasoning, startsInReasoning: prompt.startsInReasoning)
        // Half a call is none.
        stops = choice.isForced ? [] : options.stops
        streams = options.streams
        count = options.count
        isForced = choice.isForced
        includesUsage = options.includesUsage
        let allowsSeveral = try members.flag("parallel_tool_calls") ?? true
        endsWithFirstCall = choice.isNamed || !allowsSeveral
    }

    private static func refuseUnsupported(_ members: RequestMembers) throws(OpenAI.Failure) {
        try members.refuse("functions", unless: { $0.arrayValue?.isEmpty ?? false }, "use `tools`")
        try members.refuse("function_call", unless: { $0 == "none" }, "use `tool_choice`")
        try members.refuse("audio", "this model writes text")
        try members.refuse("modalities", unless: { $0 == ["text"] }, "this model writes text")
        try members.refuse("web_search_options", "there is no web search here")
    }

    /// Messages and tools with those of the prefix in front.
    static func conversation(_ request: OpenAI.ChatRequest, _ prefixes: PrefixStore) throws(OpenAI.Failure) -> (messages: [JSON], tools: [JSON]) {
        let messages = request.messages.map(\.json)
        let tools = request.tools.map(\.json)
        guard let value = request["prefix"] else { return (messages, tools) }
        guard let digest = value.stringValue else { throw .invalidRequest("`prefix` must be a text, not \(value.typeName)", param: "prefix") }
        guard let prefix = prefixes.prefix(digest) else { throw .prefixUnknown(digest) }
        return (prefix.messages + messages, prefix.tools + tools)
    }

    static func templateOptions(_ members: RequestMembers) throws(OpenAI.Failure) -> JSONObject {
        var options: JSONObject = [:]
        if members["reasoning_effort"] == "none" { options["enable_thinking"] = false }
        guard let given = members["chat_template_kwargs"] else { return options }
        guard case .object(let object) = given else {
            throw .invalidRequest("`chat_template_kwargs` must be an object", param: "chat_template_kwargs")
        }
        for member in object { options[member.key] = member.value }
        return options
    }
}
