import JSON
import Messages

/// Puts a call into a grammar whose notation has tags around each argument.
///
/// A value is a text or JSON by what the dialect's reader takes it for, which goes by the types of the parameter.
struct TaggedCallWriter {
    var compiler: SchemaCompiler
    let tags: TagNotation
    private static let blanks: [UInt8] = [0x09, 0x0A, 0x20]

    init(compiler: SchemaCompiler, tags: TagNotation) {
        self.compiler = compiler
        self.tags = tags
    }

    mutating func call(_ tool: AnswerForm.Tool, _ next: Grammar.NodeID) throws(GrammarError) -> Grammar.NodeID {
        guard Self.isName(tool.name) else { throw GrammarError("this notation of calls cannot write the name", at: "") }
        let document = try compiler.open(tool.parameters)
        let schemas = ToolSchemas([OpenAI.Tool(members: ["function": ["name": .string(tool.name), "parameters": tool.parameters]])])
        let end = compiler.builder.notation(tags.functionCloser + tags.blockCloser, next)
        var branches: [Grammar.NodeID] = []
        for alternative in try compiler.alternatives(of: CallWriter.object, document, at: "") {
            guard let properties = SchemaCompiler.properties(of: alternative, at: "") else { continue }
            var node = end
            for property in properties.reversed() {
                let types = schemas.types(of: property.name, in: tool.name)
                let close = compiler.builder.notation(tags.parameterCloser, node)
                let values = Self.isName(property.name) ? try values(property, types, document, close) : []
                if values.isEmpty {
                    guard property.isRequired else { continue }
                    throw GrammarError("this notation of calls cannot write a value of that schema", at: property.place)
                }
                let one = compiler.builder.notation(
                    tags.parameterOpener + property.name + tags.parameterNameEnd, compiler.builder.any(values))
                node = property.isRequired ? one : compiler.builder.any([one, node])
            }
            branches.append(node)
        }
        try compiler.finish()
        let arguments = compiler.builder.any(branches.isEmpty ? [compiler.builder.add(.dead)] : branches)
        return compiler.builder.notation(tags.blockOpener + tags.functionOpener + tool.name + tags.nameEnd, arguments)
    }

    private static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 256
            && !text.utf8.contains { $0 < 0x20 || $0 == UInt8(ascii: ">") || $0 == UInt8(ascii: "<") || $0 == UInt8(ascii: "\"") }
            && text.first?.isWhitespace == false && text.last?.isWhitespace == false
    }

    private mutating func values(
        _ property: SchemaCompiler.Property, _ types: Set<String>, _ document: Int, _ next: Grammar.NodeID
    ) throws(GrammarError) -> [Grammar.NodeID] {
        let isText = types.isEmpty || types == ["string"]
        var result: [Grammar.NodeID] = []
        for alternative in try compiler.alternatives(of: property.schema, document, at: property.place) {
            if !isText {
                var left = FlatSchema.allTypes.subtracting(types).union(["string"])
                if types.contains("number") { left.remove("integer") }
                // Whole numbers are written as integers too.
                var typed = alternative
                if types.contains("integer"), !types.contains("number"), alternative.types?.contains("number") ?? false {
                    typed.types?.formUnion(["integer"])
                }
                result += try compiler.values(typed, document, property.place, except: left, next)
            }
            result += texts(alternative, others: isText ? [] : types.subtracting(["string"]), next)
        }
        return result
    }

    /// Texts as they are.
    ///
    /// - Parameter others: types that the reader tries before it takes the value for a text.
    private mutating func texts(_ schema: FlatSchema, others: Set<String>, _ next: Grammar.NodeID) -> [Grammar.NodeID] {
        if let choices = schema.choices {
            let texts = choices.filter(schema.admits).compactMap(\.stringValue).filter { isText($0, others) }
            return texts.isEmpty ? [] : [compiler.builder.oneOf(texts.map { Array($0.utf8) }, next)]
        }
        guard schema.possibleTypes.contains("string"), schema.leastLength <= schema.mostLength ?? .max else { return [] }
        if others.isEmpty { return [text(schema.leastLength, schema.mostLength, next)] }
        // What could be read as another value does not begin a text.
        var first = GrammarBuilder.textASCII.without([UInt8(ascii: "<")] + Self.blanks)
        if !others.isSubset(of: ["null", "boolean"]) { first = first.without(Array("0123456789-+[{\"".utf8)) }
        var branches = schema.leastLength == 0 ? [next] : []
        if schema.mostLength != 0 {
            let rest = text(max(0, schema.leastLength - 1), schema.mostLength.map { $0 - 1 }, next)
            branches += compiler.builder.character(first, rest)
        }
        return branches
    }

    /// Whether the reader gives back the same text.
    private func isText(_ text: String, _ others: Set<String>) -> Bool {
        guard text.utf8.firstRange(of: tags.valueEnd.utf8) == nil, !text.hasSuffix("<") else { return false }
        if others.isEmpty { return true }
        guard let first = text.utf8.first, let last = text.utf8.last else { return true }
        let words = ["true", "false", "null", "none"]
        return !Self.blanks.contains(first) && !Self.blanks.contains(last) && !words.contains(text.lowercased()) && (try? JSON(parsing: text)) == nil
    }

    /// A text in which nothing looks like the end of the value.
    private mutating func text(_ least: Int, _ most: Int?, _ next: Grammar.NodeID) -> Grammar.NodeID {
        let less = UInt8(ascii: "<")
        guard least == 0, most == nil else {
            let rule = compiler.builder.reserveRule()
            let end = compiler.builder.end()
            compiler.builder.define(rule, compiler.builder.any(compiler.builder.character(GrammarBuilder.textASCII.without([less]), end)))
            return compiler.builder.add(.repeated(rule, min: Int32(clamping: least), max: most.map { Int32(clamping: $0) }, next: next))
        }
        // So many bytes of the end were read; it has one `<`, its first.
        let end = Array(tags.valueEnd.utf8)
        let states = end.indices.map { _ in compiler.builder.add(.dead) }
        let others = Array(compiler.builder.character(ByteSet(), states[0]).dropFirst())
        for (index, state) in states.enumerated() {
            var branches = [next] + others
            let free = GrammarBuilder.textASCII.without([less, end[index]])
            branches.append(compiler.builder.bytes(free, states[0]))
            if end[index] != less { branches.append(compiler.builder.bytes(ByteSet([less]), states[1])) }
            if index + 1 < end.count { branches.append(compiler.builder.bytes(ByteSet([end[index]]), states[index + 1])) }
            compiler.builder.set(state, .split(branches))
        }
        return states[0]
    }
}
