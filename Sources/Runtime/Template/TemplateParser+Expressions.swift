/// Expressions, by precedence from the loosest to the tightest, as Jinja 3's grammar has them.
extension TemplateParser {
    /// An expression, or several with commas between them.
    mutating func tuple(allowsConditional: Bool = true) throws(RuntimeError) -> Expression {
        let first = try allowsConditional ? expression() : disjunction()
        guard current == .symbol(",") else { return first }
        var elements = [first]
        while skip(symbol: ",") {
            if endsTuple { break }
            elements.append(try allowsConditional ? expression() : disjunction())
        }
        return .tuple(elements)
    }

    private var endsTuple: Bool {
        switch current {
        case nil, .variableEnd, .blockEnd, .symbol(")"), .name("in"), .name("recursive"): true
        default: false
        }
    }

    mutating func expression() throws(RuntimeError) -> Expression {
        try nested { parser throws(RuntimeError) in
            var value = try parser.disjunction()
            while parser.skip(name: "if") {
                try parser.link()
                let condition = try parser.disjunction()
                let otherwise = parser.skip(name: "else") ? try parser.expression() : nil
                value = .conditional(condition, then: value, otherwise: otherwise)
            }
            return value
        }
    }

    private mutating func disjunction() throws(RuntimeError) -> Expression {
        var left = try conjunction()
        while skip(name: "or") {
            try link()
            left = .or(left, try conjunction())
        }
        return left
    }

    private mutating func conjunction() throws(RuntimeError) -> Expression {
        var left = try negation()
        while skip(name: "and") {
            try link()
            left = .and(left, try negation())
        }
        return left
    }

    private mutating func negation() throws(RuntimeError) -> Expression {
        guard skip(name: "not") else { return try comparison() }
        return try nested { parser throws(RuntimeError) in .unary(.not, try parser.negation()) }
    }

    private mutating func comparison() throws(RuntimeError) -> Expression {
        let first = try sum()
        var rest: [(TemplateSyntax.Comparison, Expression)] = []
        while let comparison = comparisonOperator() { rest.append((comparison, try sum())) }
        return rest.isEmpty ? first : .compare(first, rest)
    }

    private mutating func comparisonOperator() -> TemplateSyntax.Comparison? {
        let comparison: TemplateSyntax.Comparison
        switch current {
        case .symbol("=="): comparison = .equal
        case .symbol("!="): comparison = .notEqual
        case .symbol("<"): comparison = .less
        case .symbol("<="): comparison = .lessOrEqual
        case .symbol(">"): comparison = .greater
        case .symbol(">="): comparison = .greaterOrEqual
        case .name("in"): comparison = .isIn
        case .name("not"):
            var ahead = self
            ahead.advance()
            guard ahead.skip(name: "in") else { return nil }
            self = ahead
            return .notIn
        default: return nil
        }
        advance()
        return comparison
    }

    private mutating func sum() throws(RuntimeError) -> Expression {
        var left = try concatenation()
        while true {
            if skip(symbol: "+") {
                try link()
                left = .binary(.add, left, try concatenation())
            } else if skip(symbol: "-") {
                try link()
                left = .binary(.subtract, left, try concatenation())
            } else {
                return left
            }
        }
    }

    private mutating func concatenation() throws(RuntimeError) -> Expression {
        let first = try product()
        guard current == .symbol("~") else { return first }
        var parts = [first]
        while skip(symbol: "~") { parts.append(try product()) }
        return .concatenate(parts)
    }

    private mutating func product() throws(RuntimeError) -> Expression {
        var left = try power()
        while true {
            let operation: TemplateSyntax.BinaryOperator
            switch current {
            case .symbol("*"): operation = .multiply
            case .symbol("/"): operation = .divide
            case .symbol("//"): operation = .floorDivide
            case .symbol("%"): operation = .modulo
            default: return left
            }
            advance()
            try link()
            left = .binary(operation, left, try power())
        }
    }

    private mutating func power() throws(RuntimeError) -> Expression {
        var left = try unary(withFilters: true)
        while skip(symbol: "**") {
            try link()
            left = .binary(.power, left, try unary(withFilters: true))
        }
        return left
    }

    mutating func unary(withFilters: Bool) throws(RuntimeError) -> Expression {
        var value: Expression
        if skip(symbol: "-") {
            value = .unary(.minus, try nested { parser throws(RuntimeError) in try parser.unary(withFilters: false) })
        } else if skip(symbol: "+") {
            value = .unary(.plus, try nested { parser throws(RuntimeError) in try parser.unary(withFilters: false) })
        } else {
            value = try primary()
        }
        value = try postfix(value)
        return withFilters ? try filtersAndTests(value) : value
    }

    mutating func primary() throws(RuntimeError) -> Expression {
        let token = current
        advance()
        switch token {
        case .name("true"), .name("True"): return .bool(true)
        case .name("false"), .name("False"): return .bool(false)
        case .name("none"), .name("None"): return .none
        case .name(let name): return .name(name)
        case .integer(let value): return .integer(value)
        case .float(let value): return .float(value)
        case .string(var text):
            while case .string(let more)? = current {
                text += more
                advance()
            }
            return .string(text)
        case .symbol("("):
            if skip(symbol: ")") { return .tuple([]) }
            let value = try nested { parser throws(RuntimeError) in try parser.tuple() }
            try expect(.symbol(")"))
            return value
        case .symbol("["):
            var elements: [Expression] = []
            while !skip(symbol: "]") {
                if !elements.isEmpty {
                    try expect(.symbol(","))
                    if skip(symbol: "]") { break }
                }
                elements.append(try expression())
            }
            return .list(elements)
        case .symbol("{"):
            var members: [(key: Expression, value: Expression)] = []
            while !skip(symbol: "}") {
                if !members.isEmpty {
                    try expect(.symbol(","))
                    if skip(symbol: "}") { break }
                }
                let key = try expression()
                try expect(.symbol(":"))
                members.append((key, try expression()))
            }
            return .dict(members)
        default: throw failure("unexpected \(Self.describe(token)) where a value was expected")
        }
    }
}
