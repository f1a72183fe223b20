/// Builds the syntax tree of a template: statements here, expressions in `TemplateParser+Expressions.swift`.
struct TemplateParser {
    typealias Token = TemplateLexer.Token
    typealias Statement = TemplateSyntax.Statement
    typealias Expression = TemplateSyntax.Expression

    private let tokens: [TemplateLexer.Located]
    private var position = 0
    private var depth = 0
    /// Deeper nesting than any template has; bounds the parser's stack.
    private static let maximumDepth = 100
    /// Operators, members, calls and filters in a row, each of which holds what is before it.
    private var links = 0
    private static let maximumLinks = 250

    static func parse(_ source: String) throws(RuntimeError) -> TemplateSyntax {
        var parser = TemplateParser(tokens: try TemplateLexer.tokens(of: source))
        let body = try parser.statements(until: [])
        return TemplateSyntax(body: body)
    }

    private init(tokens: [TemplateLexer.Located]) { self.tokens = tokens }

    // MARK: Tokens

    var current: Token? { position < tokens.count ? tokens[position].token : nil }
    var line: Int { tokens.isEmpty ? 1 : tokens[min(position, tokens.count - 1)].line }

    mutating func advance() { position += 1 }

    mutating func skip(_ token: Token) -> Bool {
        guard current == token else { return false }
        position += 1
        return true
    }
    mutating func skip(symbol: String) -> Bool { skip(.symbol(symbol)) }
    mutating func skip(name: String) -> Bool { skip(.name(name)) }

    mutating func expect(_ token: Token) throws(RuntimeError) {
        guard skip(token) else { throw failure("expected \(Self.describe(token)), found \(Self.describe(current))") }
    }

    mutating func expectName() throws(RuntimeError) -> String {
        guard case .name(let name)? = current else { throw failure("expected a name, found \(Self.describe(current))") }
        position += 1
        return name
    }

    func failure(_ message: String) -> RuntimeError { RuntimeError("chat template, line \(line): \(message)") }

    static func describe(_ token: Token?) -> String {
        switch token {
        case nil: "the end of the template"
        case .text: "text"
        case .variableBegin: "`{{`"
        case .variableEnd: "`}}`"
        case .blockBegin: "`{%`"
        case .blockEnd: "`%}`"
        case .name(let name): "`\(name)`"
        case .string(let text): "the string \(PythonText.quoted(text))"
        case .integer(let value): "`\(value)`"
        case .float(let value): "`\(value)`"
        case .symbol(let symbol): "`\(symbol)`"
        }
    }

    mutating func nested<T>(_ body: (inout Self) throws(RuntimeError) -> T) throws(RuntimeError) -> T {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maximumDepth else { throw failure("nested more than \(Self.maximumDepth) deep") }
        return try body(&self)
    }

    /// Counts a link of a chain; chains within one another count together.
    mutating func link() throws(RuntimeError) {
        links += 1
        guard links <= Self.maximumLinks else { throw failure("an expression of more than \(Self.maximumLinks) operators and filters") }
    }

    // MARK: Statements

    /// Statements up to a block that begins with one of `ends`, whose name stays the current token.
    private mutating func statements(until ends: [String]) throws(RuntimeError) -> [Statement] {
        var result: [Statement] = []
        while let token = current {
            let line = line
            links = 0
            advance()
            switch token {
            case .text(let text): result.append(Statement(line: line, kind: .text(text)))
            case .variableBegin:
                result.append(Statement(line: line, kind: .output(try tuple())))
                try expect(.variableEnd)
            case .blockBegin:
                if case .name(let name)? = current, ends.contains(name) { return result }
                let kind = try nested { parser throws(RuntimeError) in try parser.block() }
                if let kind { result.append(Statement(line: line, kind: kind)) }
            default: throw failure("unexpected \(Self.describe(token))")
            }
        }
        guard ends.isEmpty else { throw failure("`{% \(ends[0]) %}` is missing") }
        return result
    }

    /// The body of a block that takes it, and its end tag.
    private mutating func body(_ end: String) throws(RuntimeError) -> [Statement] {
        try expect(.blockEnd)
        let body = try statements(until: [end])
        advance()
        try expect(.blockEnd)
        return body
    }

    /// nil where the block is only a mark.
    private mutating func block() throws(RuntimeError) -> Statement.Kind? {
        let name = try expectName()
        switch name {
        case "if": return try conditional()
        case "for": return try loop()
        case "set": return try assignment()
        case "macro":
            let name = try expectName()
            return .macro(try macro(name: name, end: "endmacro"))
        case "call": return try callBlock()
        case "filter":
            let filters = try filterChain()
            return .filterBlock(filters, body: try body("endfilter"))
        case "with": return try with()
        case "break", "continue":
            try expect(.blockEnd)
            return name == "break" ? .breakLoop : .continueLoop
        case "generation":
            // Marks the answer's tokens for training (Hugging Face); nothing to a renderer.
            let inner = try body("endgeneration")
            return .with([], body: inner)
        default: throw failure("the statement `\(name)` is not supported")
        }
    }

    private mutating func conditional() throws(RuntimeError) -> Statement.Kind {
        var branches: [TemplateSyntax.Branch] = []
        while true {
            let condition = try tuple(allowsConditional: false)
            try expect(.blockEnd)
            branches.append(.init(condition: condition, body: try statements(until: ["elif", "else", "endif"])))
            let next = try expectName()
            if next == "elif" { continue }
            var otherwise: [Statement] = []
            if next == "else" { otherwise = try body("endif") } else { try expect(.blockEnd) }
            return .conditional(branches, otherwise: otherwise)
        }
    }

    private mutating func loop() throws(RuntimeError) -> Statement.Kind {
        let targets = try targets(endingWith: "in")
        try expect(.name("in"))
        let source = try tuple(allowsConditional: false)
        let filter = skip(name: "if") ? try expression() : nil
        let isRecursive = skip(name: "recursive")
        try expect(.blockEnd)
        let body = try statements(until: ["endfor", "else"])
        var otherwise: [Statement] = []
        if try expectName() == "else" { otherwise = try self.body("endfor") } else { try expect(.blockEnd) }
        return .loop(
            .init(targets: targets, source: source, filter: filter, body: body, otherwise: otherwise, isRecursive: isRecursive))
    }

    private mutating func target() throws(RuntimeError) -> TemplateSyntax.Target {
        if skip(symbol: "(") {
            var targets = [try target()]
            while skip(symbol: ",") { targets.append(try target()) }
            try expect(.symbol(")"))
            return .tuple(targets)
        }
        let name = try expectName()
        return skip(symbol: ".") ? .attribute(name, try expectName()) : .name(name)
    }

    private mutating func targets(endingWith end: String) throws(RuntimeError) -> [TemplateSyntax.Target] {
        var targets = [try target()]
        while skip(symbol: ",") {
            if current == .name(end) { break }
            targets.append(try target())
        }
        return targets
    }

    private mutating func assignment() throws(RuntimeError) -> Statement.Kind {
        let targets = try targets(endingWith: "=")
        if skip(symbol: "=") {
            let value = try tuple()
            try expect(.blockEnd)
            return .assign(targets, value)
        }
        guard targets.count == 1 else { throw failure("`set` of a block takes one name") }
        let filters = skip(symbol: "|") ? try filterChain() : []
        return .capture(targets[0], filters: filters, body: try body("endset"))
    }

    private mutating func parameters() throws(RuntimeError) -> [(name: String, value: Expression?)] {
        var parameters: [(name: String, value: Expression?)] = []
        try expect(.symbol("("))
        while !skip(symbol: ")") {
            if !parameters.isEmpty { try expect(.symbol(",")) }
            let name = try expectName()
            parameters.append((name, skip(symbol: "=") ? try expression() : nil))
        }
        return parameters
    }

    private mutating func macro(name: String, end: String) throws(RuntimeError) -> TemplateSyntax.Macro {
        let parameters = try parameters()
        return TemplateSyntax.Macro(name: name, parameters: parameters, body: try body(end))
    }

    private mutating func callBlock() throws(RuntimeError) -> Statement.Kind {
        let parameters = current == .symbol("(") ? try parameters() : []
        let call = try expression()
        guard case .call = call else { throw failure("`call` needs a call of a macro") }
        return .callBlock(call, caller: .init(name: "caller", parameters: parameters, body: try body("endcall")))
    }

    private mutating func with() throws(RuntimeError) -> Statement.Kind {
        var assignments: [(target: TemplateSyntax.Target, value: Expression)] = []
        while current != .blockEnd {
            if !assignments.isEmpty { try expect(.symbol(",")) }
            let target = try target()
            try expect(.symbol("="))
            assignments.append((target, try expression()))
        }
        return .with(assignments, body: try body("endwith"))
    }

    private mutating func filterChain() throws(RuntimeError) -> [TemplateSyntax.Application] {
        var filters = [try application()]
        while skip(symbol: "|") { filters.append(try application()) }
        return filters
    }
}
