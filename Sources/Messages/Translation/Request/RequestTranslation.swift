import JSON

/// A request to `/v1/messages` as a request to `/v1/chat/completions`.
///
/// In two parts, since the first is the same for a whole session and worth keeping: the prefix (tools and system) and the turns.
public enum RequestTranslation {
    /// Tools and system, translated.
    public struct Prefix: Sendable, Equatable {
        public var messages: [JSON]
        public var tools: [JSON]
        /// Tools that are told with the message that first names them, by the client's names.
        public var lateTools: [String: JSON] = [:]
        public var names: ToolNames
        /// The blocks of which `messages` were made.
        public var system: [String] = []
        /// The kinds of tools that were asked for and that nobody here can run, such as `web_search_20250305`.
        public var leftOut: [String] = []

        /// What a server that keeps prefixes is sent: `{"messages": …, "tools": …}`.
        public var json: JSON { ["messages": .array(messages), "tools": .array(tools)] }
    }

    public struct Options: Sendable, Equatable {
        public var dialect: BackendDialect
        /// What the server says of itself, where the dialect asks for it.
        public var keepsInlineSystem: Bool
        /// The model id sent upstream; the request's own where nil.
        public var model: String?
        /// The backend's own mark on thinking blocks, as `MessageStream.Options.signature`: what these carry for it is sent back.
        public var signature: String?
        public var contextWindow: Int?
        public var maxOutputTokens: Int?
        public var sampling = SamplingDefaults()
        public var extras = RequestExtras()
        /// Upstream is to stream: silence shows, an answer can be cancelled, and a whole one is the same stream folded.
        public var streams = true

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
        ["system": request.json["system"] ?? .null, "tools": .array(request.tools), "rest": prefixRest(of: request)]
    }

    /// What of it stands elsewhere than in tools and system.
    public static func prefixRest(of request: MessagesRequest) -> JSON {
        var late: [JSON] = []
        for (name, definition) in request.turns.lateTools { late.append([.string(name), definition ?? .null]) }
        // A deferred tool that a call is demanded of is offered at once.
        var demanded: JSON = .null
        if case .tool(let name)? = request.toolChoice,
            request.tools.contains(where: { $0["name"]?.stringValue == name && $0["defer_loading"] == true })
        {
            demanded = .string(name)
        }
        return ["late": .array(late), "demanded": demanded]
    }

    public static func prefix(of request: MessagesRequest, dialect: BackendDialect) throws(AnthropicError) -> Prefix {
        let tools = try ToolDefinitions(request, dialect: dialect)
        return Prefix(
            messages: try SystemPrompt.messages(of: request.system, dialect: dialect), tools: tools.functions, lateTools: tools.late,
            names: tools.names, system: SystemPrompt.texts(of: request.system), leftOut: tools.leftOut)
    }

    /// The messages behind the prefix.
    public static func turns(of request: MessagesRequest, prefix: Prefix, options: Options) throws(AnthropicError) -> [JSON] {
        var messages = try Conversation.messages(
            of: request.turns, dialect: options.dialect, keepsInlineSystem: options.keepsInlineSystem, hasSystem: !prefix.messages.isEmpty,
            signature: options.signature, lateTools: prefix.lateTools)
        if let schema = AnswerSchema(request, prefix: prefix, dialect: options.dialect), schema.form == .instruction {
            schema.instruct(in: &messages)
        }
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
        if !prefix.tools.isEmpty || !prefix.lateTools.isEmpty { setToolChoice(request, dialect, in: &body) }
        setSampling(request, options, in: &body)
        options.sampling.complete(&body, for: dialect)
        setThinking(request, dialect, in: &body)
        if let format = AnswerSchema(request, prefix: prefix, dialect: dialect)?.responseFormat { body["response_format"] = format }
        if dialect.keepsCacheControl, let cacheControl = request.json["cache_control"]?.unlessNull { body["cache_control"] = cacheControl }
        if dialect.sendsUser, let user = user(of: request) { body["user"] = .string(user) }
        options.extras.complete(&body, for: dialect)
        for member in dialect.extra.members where body[member.key] == nil { body[member.key] = member.value }
        body["stream"] = .bool(options.streams)
        body["stream_options"] = options.streams ? ["include_usage": true] : nil
        return body
    }

    /// What a server counts the tokens of: all of the request that becomes part of the prompt.
    public static func countBody(of request: MessagesRequest, prefix: Prefix, options: Options) throws(AnthropicError) -> JSONObject {
        let turns = try turns(of: request, prefix: prefix, options: options)
        var body: JSONObject = ["model": .string(options.model ?? request.model), "messages": .array(prefix.messages + turns)]
        if !prefix.tools.isEmpty { body["tools"] = .array(prefix.tools) }
        body["chat_template_kwargs"] = templateArguments(of: request, dialect: options.dialect)
        if let arguments = options.extras.body["chat_template_kwargs"] {
            RequestExtras(body: ["chat_template_kwargs": arguments]).complete(&body, for: options.dialect)
        }
        return body
    }

    /// The answer's text is not wanted: the request only warms a cache that the server cannot warm without one token.
    public static func discardsOutput(_ request: MessagesRequest, dialect: BackendDialect) -> Bool {
        request.maxTokens == 0 && !dialect.acceptsZeroMaxTokens
    }
}
