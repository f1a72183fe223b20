import JSON
import Messages

extension ResolvedBackend {
    /// What its answers have in their text; nil where its server tells all of it apart.
    ///
    /// - Parameter tools: as the server is sent them: they say of which types arguments are, and no others are called.
    func textFormat(of request: MessagesRequest, tools: [JSON], allowsCalls: Bool) -> OutputParser.Settings? {
        // A template that is told not to think opens no block.
        let thinks = RequestTranslation.templateArguments(of: request, dialect: dialect)?["enable_thinking"] != false
        return textFormat(tools: tools, allowsCalls: allowsCalls, thinks: thinks)
    }

    var readsText: Bool { toolCallDialect != nil || settings.reasoningFormat != nil }

    /// - Parameter thinks: false where the template was told not to.
    func textFormat(tools: [JSON], allowsCalls: Bool, thinks: Bool) -> OutputParser.Settings? {
        guard readsText else { return nil }
        let tellsCalls = allowsCalls && !tools.isEmpty
        let framesAnswers = toolCallDialect?.framesAnswers == true
        return OutputParser.Settings(
            dialect: tellsCalls || framesAnswers ? toolCallDialect : nil, tellsCalls: tellsCalls,
            tools: ToolSchemas(tools.compactMap { $0.objectValue.map(OpenAI.Tool.init(members:)) }), refusesOthers: true,
            readsReasoning: settings.reasoningFormat != nil || framesAnswers,
            startsInReasoning: settings.reasoningFormat == .openedThink && thinks)
    }
}
