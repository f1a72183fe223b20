import JSON
import Messages

/// The model that a server offers: how text becomes tokens and tokens become answers, and the engine between.
struct ServedModel: Sendable {
    let name: String
    /// Unix seconds of its loading.
    let created: Int
    let tokenizer: Tokenizer
    /// nil: the checkpoint completes text, but does not chat.
    let template: ChatTemplate?
    /// The template for conversations with tools, where the checkpoint has one of its own.
    let toolTemplate: ChatTemplate?
    let dialect: (any ToolCallDialect)?
    let engine: any GenerationEngine
    let stopTokens: Set<Int32>
    /// Where a request says nothing: the checkpoint's own advice.
    let defaults: Sampling
    let inlineSystem: Bool
    let readsReasoning: Bool
    let grammars: AnswerGrammars
    /// Of all that decides an answer; nil where nobody needs it.
    let fingerprint: String?

    init(
        name: String, created: Int, tokenizer: Tokenizer, template: ChatTemplate?, toolTemplate: ChatTemplate? = nil, engine: any GenerationEngine,
        stopTokens: Set<Int32>, defaults: Sampling, fingerprint: String? = nil
    ) {
        self.name = name
        self.created = created
        self.tokenizer = tokenizer
        self.template = template
        self.toolTemplate = toolTemplate ?? template
        self.engine = engine
        self.stopTokens = stopTokens
        self.defaults = defaults
        self.fingerprint = fingerprint
        dialect = (toolTemplate ?? template).flatMap { ToolCallDialects.written(by: $0.source) }
        grammars = AnswerGrammars(tokenizer, dialect: dialect, capacity: engine.vocabularySize)
        readsReasoning = template?.source.contains("</think>") == true || dialect?.framesAnswers == true
        inlineSystem = template.map(Self.rendersInlineSystem) ?? false
    }

    var capabilities: Native.Capabilities {
        .init(
            model: name, contextWindow: engine.contextWindow, inlineSystem: inlineSystem, toolDialect: dialect?.name, reasoning: readsReasoning,
            vocabSize: engine.vocabularySize, fingerprint: fingerprint)
    }

    /// Tried out: a system message between two others must come out between them.
    private static func rendersInlineSystem(_ template: ChatTemplate) -> Bool {
        let marks = (1...5).map { "anyclaude-probe-\($0)" }
        let roles = ["system", "user", "assistant", "system", "user"]
        let messages = zip(roles, marks).map { role, mark -> JSON in ["role": .string(role), "content": .string(mark)] }
        guard let text = try? template.render(messages: messages, tools: nil, addGenerationPrompt: true) else { return false }
        var position = text.utf8.startIndex
        for mark in marks {
            guard let range = text[position...].firstRange(of: mark) else { return false }
            position = range.upperBound
        }
        return true
    }
}
