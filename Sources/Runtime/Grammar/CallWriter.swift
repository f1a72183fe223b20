import JSON
import Messages

/// Puts calls of tools into a grammar.
struct CallWriter {
    var builder: GrammarBuilder
    let dialect: any ToolCallDialect
    let notation: CallNotation
    private(set) var dropped: Set<String> = []

    init(builder: GrammarBuilder, dialect: any ToolCallDialect, notation: CallNotation) {
        self.builder = builder
        self.dialect = dialect
        self.notation = notation
    }

    /// The rule of one call of one of the tools.
    mutating func call(_ tools: [AnswerForm.Tool]) throws(GrammarError) -> Grammar.RuleID {
        let rule = builder.reserveRule()
        let end = builder.end()
        var branches: [Grammar.NodeID] = []
        for tool in tools {
            do {
                switch notation {
                case .json(let closing, _): branches.append(try json(tool, closing: closing, end))
                case .tags(let tags):
                    var writer = TaggedCallWriter(compiler: SchemaCompiler(builder: builder, avoidsTags: true), tags: tags)
                    branches.append(try writer.call(tool, end))
                    dropped.formUnion(writer.compiler.dropped)
                    builder = writer.compiler.builder
                }
            } catch {
                throw GrammarError("`\(tool.name)`: \(error.message)", at: error.place)
            }
        }
        builder.define(rule, builder.any(branches))
        return rule
    }

    private mutating func json(_ tool: AnswerForm.Tool, closing: String, _ next: Grammar.NodeID) throws(GrammarError) -> Grammar.NodeID {
        var compiler = SchemaCompiler(builder: builder)
        let document = try compiler.open(tool.parameters)
        let arguments = compiler.rule(Self.object, document, at: "")
        try compiler.finish()
        dropped.formUnion(compiler.dropped)
        builder = compiler.builder
        let opening = CallNotation.withoutBrace(dialect.callOpening(name: tool.name))
        return builder.notation(opening, builder.call(arguments, builder.notation(closing, next)))
    }

    /// Arguments are an object, whatever the schema says besides.
    static let object: JSON = ["allOf": [["$ref": "#"], ["type": "object"]]]
}
