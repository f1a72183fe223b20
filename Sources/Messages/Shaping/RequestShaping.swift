import JSON

/// What is left out of a request, so that a small model on a small machine can read it; nothing where nothing is set.
///
/// Each rule looks at one text, one tool or the settings alone, never at what comes later or came before: what a conversation is shaped
/// to is the beginning of what its continuation is shaped to, and two sessions are shaped alike. Turns of the user and of the model are
/// never touched.
public struct RequestShaping: Sendable, Equatable {
    /// The tools that are offered; all where nil.
    public var allowedTools: ToolAllowList?
    /// Of a tool's description the first sentence stays, and nothing of its parameters' descriptions and bounds.
    public var stubsTools: Bool
    /// How much of the client's own words stays.
    public var tier: PromptTier?
    /// What the client says of plugins, skills and MCP servers is left out.
    public var dropsPlugins: Bool
    /// The model is not to think, and is told so in this way.
    public var thinking: ThinkingWord?

    public init(
        allowedTools: ToolAllowList? = nil, stubsTools: Bool = false, tier: PromptTier? = nil, dropsPlugins: Bool = false,
        thinking: ThinkingWord? = nil
    ) {
        self.allowedTools = allowedTools
        self.stubsTools = stubsTools
        self.tier = tier
        self.dropsPlugins = dropsPlugins
        self.thinking = thinking
    }

    public var isOff: Bool { self == RequestShaping() }

    /// The request that takes the given one's place, and what became of it.
    ///
    /// - Throws: where the result is no request any more, which only a request that was none before can cause.
    public func shape(_ request: MessagesRequest) throws(AnthropicError) -> (request: MessagesRequest, report: ShapingReport) {
        guard !isOff else { return (request, ShapingReport()) }
        var json = request.json
        var report = ShapingReport()
        // What the client asks beside its conversations offers no tools, and its few words are all that it says.
        if request.tools.contains(where: Self.isClientTool) {
            shapeTools(request, in: &json, &report)
            shapePrompt(request, in: &json, &report)
        }
        if let thinking {
            json["thinking"] = ["type": "disabled"]
            if let words = thinking.words {
                json["system"] = thinking.added(to: json["system"])
                report.steps.append(.init(.thinking, before: 0, after: words.utf8.count, removed: []))
            }
        }
        return (try MessagesRequest(.object(json), isCount: request.maxTokens == nil), report)
    }

    /// A tool that runs at the API's side is not the client's to offer, and is refused or dropped elsewhere.
    static func isClientTool(_ tool: JSON) -> Bool { tool["input_schema"] != nil || (tool["type"]?.stringValue ?? "custom") == "custom" }

    // MARK: tools

    private func shapeTools(_ request: MessagesRequest, in json: inout JSONObject, _ report: inout ShapingReport) {
        var tools = request.tools
        if let allowedTools {
            let before = JSON.array(tools).bytes.count
            let demanded = if case .tool(let name)? = request.toolChoice { name } else { String?.none }
            var removed: [String] = []
            tools.removeAll { tool in
                guard Self.isClientTool(tool), let name = tool["name"]?.stringValue, name != demanded, !allowedTools.allows(name) else {
                    return false
                }
                removed.append(name)
                return true
            }
            report.steps.append(.init(.tools, before: before, after: JSON.array(tools).bytes.count, removed: removed))
            // A call cannot be demanded where there is none to make.
            if tools.isEmpty { json["tool_choice"] = nil }
        }
        if stubsTools {
            let before = JSON.array(tools).bytes.count
            tools = tools.map { Self.isClientTool($0) ? ToolStub.stub($0) : $0 }
            report.steps.append(.init(.toolDescriptions, before: before, after: JSON.array(tools).bytes.count, removed: []))
        }
        if json["tools"] != nil { json["tools"] = .array(tools) }
    }

    // MARK: the client's words

    private func shapePrompt(_ request: MessagesRequest, in json: inout JSONObject, _ report: inout ShapingReport) {
        let rules = PromptRules(tier: tier, allowedTools: allowedTools, dropsPlugins: dropsPlugins)
        guard !rules.isOff else { return }
        var size = (before: 0, after: 0)
        func shaped(_ text: String) -> String {
            let result = rules.shape(text)
            size.before += text.utf8.count
            size.after += result.utf8.count
            return result
        }
        if let system = json["system"] { json["system"] = Self.eachText(of: system, shaped) }
        if let messages = json["messages"]?.arrayValue {
            json["messages"] = .array(
                messages.map { message in
                    guard var turn = message.objectValue, turn["role"] == "system", let content = turn["content"] else { return message }
                    turn["content"] = Self.eachText(of: content, shaped)
                    return .object(turn)
                })
        }
        report.steps.append(.init(.prompt, before: size.before, after: size.after, removed: []))
    }

    /// Content is a text, or a list of blocks with texts.
    private static func eachText(of content: JSON, _ change: (String) -> String) -> JSON {
        switch content {
        case .string(let text): return .string(change(text))
        case .array(let blocks):
            return .array(
                blocks.map { block in
                    guard var object = block.objectValue, object["type"] == "text", let text = object["text"]?.stringValue else { return block }
                    object["text"] = .string(change(text))
                    return .object(object)
                })
        default: return content
        }
    }
}
