import Glibc
import JSON

/// A chat template, rendered byte for byte as Hugging Face `transformers` renders it.
public struct ChatTemplate: Sendable {
    /// The template's own text.
    public let source: String
    private let syntax: TemplateSyntax
    /// `bos_token` and its kin, which templates may name.
    private let specialTokens: JSONObject

    public init(source: String, specialTokens: JSONObject = [:]) throws(RuntimeError) {
        self.source = source
        self.specialTokens = specialTokens
        syntax = try TemplateParser.parse(source)
    }

    /// The prompt of a conversation.
    ///
    /// - Parameters:
    ///   - messages: objects as the chat completions API has them; arguments of tool calls as objects or as JSON texts.
    ///   - tools: nil where there are none.
    ///   - options: further names that the template may ask for, such as `enable_thinking`.
    ///   - now: the time for `strftime_now`, formatted.
    /// - Throws: what the template raises with `raise_exception`, or where it uses what is not there; with the template's line.
    public func render(
        messages: [JSON], tools: [JSON]?, addGenerationPrompt: Bool, options: JSONObject = [:],
        now: @escaping @Sendable (_ format: String) -> String = ChatTemplate.localTime
    ) throws(RuntimeError) -> String {
        var names: [String: TemplateValue] = [:]
        for member in specialTokens { names[member.key] = TemplateValue(member.value) }
        names["messages"] = .list(messages.map(TemplateValue.init))
        names["tools"] = tools.map { .list($0.map(TemplateValue.init)) } ?? TemplateValue.none
        names["documents"] = TemplateValue.none
        names["add_generation_prompt"] = .bool(addGenerationPrompt)
        for member in options { names[member.key] = TemplateValue(member.value) }
        let evaluator = TemplateEvaluator(budget: .init(), clock: now)
        return try evaluator.render(syntax, in: TemplateScope(parent: nil, names))
    }

    /// The present time of this machine in strftime(3)'s format.
    public static let localTime: @Sendable (String) -> String = { format in
        var seconds = time(nil)
        var parts = tm()
        guard localtime_r(&seconds, &parts) != nil else { return "" }
        var buffer = [CChar](repeating: 0, count: 1024)
        let count = strftime(&buffer, buffer.count, format, &parts)
        return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
