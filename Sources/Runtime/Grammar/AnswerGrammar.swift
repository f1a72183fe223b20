import JSON
import Messages

/// What an answer has to be: calls of tools, a value of a schema, or one of the two.
struct AnswerForm: Sendable {
    struct Tool: Sendable {
        var name: String
        var parameters: JSON
    }
    /// The tools that may be called; none: no calls.
    var tools: [Tool] = []
    var allowsSeveralCalls = false
    /// The schema of a value that is the whole answer; nil: no such answer.
    var format: JSON?
    /// What ends the block of reasoning that the prompt has opened.
    var reasoningEnd: String?

    /// What tells forms apart.
    var key: String {
        let parts: [JSON] = [
            .array(tools.map { [.string($0.name), $0.parameters] }), .bool(allowsSeveralCalls), format.map { [$0] } ?? .null,
            reasoningEnd.map(JSON.string) ?? .null,
        ]
        return JSON.array(parts).text
    }
}

/// The grammar of an answer, and the keywords that are not in it.
struct AnswerGrammar: Sendable {
    var grammar: Grammar
    var dropped: [String]

    private static let mostCalls: Int32 = 32

    /// - Parameter markers: the tokenizer's tokens of control.
    init(
        _ form: AnswerForm, dialect: (any ToolCallDialect)?, notation: CallNotation?, markers: Set<String>
    ) throws(GrammarError) {
        var builder = GrammarBuilder(knownMarkers: markers)
        let start = builder.reserveRule()
        let end = builder.end()
        var branches: [Grammar.NodeID] = []
        var dropped: Set<String> = []
        if let format = form.format {
            var compiler = SchemaCompiler(builder: builder)
            let document = try compiler.open(format)
            let rule = compiler.rule(format, document, at: "")
            try compiler.finish()
            dropped.formUnion(compiler.dropped)
            builder = compiler.builder
            branches.append(builder.call(rule, end))
        }
        if !form.tools.isEmpty, let dialect, let notation {
            var writer = CallWriter(builder: builder, dialect: dialect, notation: notation)
            let call = try writer.call(form.tools)
            dropped.formUnion(writer.dropped)
            builder = writer.builder
            if form.allowsSeveralCalls, notation.allowsSeveral {
                let more = builder.reserveRule()
                builder.define(more, builder.literal("\n", builder.call(call, end)))
                branches.append(builder.call(call, builder.add(.repeated(more, min: 0, max: Self.mostCalls - 1, next: end))))
            } else {
                branches.append(builder.call(call, end))
            }
        }
        let answer = builder.any(branches.isEmpty ? [builder.add(.dead)] : branches)
        builder.define(start, form.reasoningEnd.map { builder.notation($0, answer) } ?? answer)
        if builder.isTooLarge { throw GrammarError("the schemas are too large", at: "") }
        grammar = builder.grammar()
        if grammar.isEmpty { throw GrammarError("no value fits the schema, or only one that is too large or too deep", at: "") }
        self.dropped = dropped.sorted()
    }
}
