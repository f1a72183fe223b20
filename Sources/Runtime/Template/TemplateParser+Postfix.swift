/// What follows an operand: members, items, calls, filters and tests.
extension TemplateParser {
    mutating func postfix(_ base: Expression) throws(RuntimeError) -> Expression {
        var value = base
        while true {
            if skip(symbol: ".") {
                try link()
                if case .integer(let index)? = current {
                    advance()
                    value = .item(value, .integer(index))
                } else {
                    value = .attribute(value, try expectName())
                }
            } else if skip(symbol: "[") {
                try link()
                value = try subscripted(value)
            } else if skip(symbol: "(") {
                try link()
                value = .call(value, try arguments())
            } else {
                return value
            }
        }
    }

    mutating func subscripted(_ base: Expression) throws(RuntimeError) -> Expression {
        var parts: [Expression?] = []
        var isSlice = false
        var pending: Expression?
        while !skip(symbol: "]") {
            if skip(symbol: ":") {
                isSlice = true
                parts.append(pending)
                pending = nil
            } else {
                guard pending == nil else { throw failure("expected `]` or `:` in a subscript, found \(Self.describe(current))") }
                pending = try expression()
            }
        }
        guard isSlice else {
            guard let pending else { throw failure("an empty subscript") }
            return .item(base, pending)
        }
        parts.append(pending)
        guard parts.count <= 3 else { throw failure("a slice has at most start, stop and step") }
        return .slice(base, start: parts[0], stop: parts[1], step: parts.count > 2 ? parts[2] : nil)
    }

    /// The arguments of a call whose parenthesis is open already.
    mutating func arguments() throws(RuntimeError) -> TemplateSyntax.Arguments {
        var arguments = TemplateSyntax.Arguments()
        var isFirst = true
        while !skip(symbol: ")") {
            if !isFirst {
                try expect(.symbol(","))
                if skip(symbol: ")") { break }
            }
            isFirst = false
            if skip(symbol: "*") {
                arguments.spread = try expression()
            } else if skip(symbol: "**") {
                arguments.namedSpread = try expression()
            } else if case .name(let name)? = current, followedByEqualSign {
                advance()
                advance()
                arguments.named.append((name, try expression()))
            } else {
                guard arguments.named.isEmpty else { throw failure("a positional argument after a named one") }
                arguments.positional.append(try expression())
            }
        }
        return arguments
    }

    var followedByEqualSign: Bool {
        var ahead = self
        ahead.advance()
        return ahead.current == .symbol("=")
    }

    /// A filter with its arguments, after its bar.
    mutating func application() throws(RuntimeError) -> TemplateSyntax.Application {
        var name = try expectName()
        while skip(symbol: ".") { name += "." + (try expectName()) }
        return .init(name: name, arguments: skip(symbol: "(") ? try arguments() : .init())
    }

    mutating func filtersAndTests(_ base: Expression) throws(RuntimeError) -> Expression {
        var value = base
        while true {
            if skip(symbol: "|") {
                try link()
                value = .filter(value, try application())
            } else if skip(name: "is") {
                try link()
                value = try test(value)
            } else if skip(symbol: "(") {
                try link()
                value = .call(value, try arguments())
            } else {
                return value
            }
        }
    }

    mutating func test(_ base: Expression) throws(RuntimeError) -> Expression {
        let isNegated = skip(name: "not")
        let name = try expectName()
        var arguments = TemplateSyntax.Arguments()
        if skip(symbol: "(") {
            arguments = try self.arguments()
        } else if takesBareArgument {
            arguments.positional = [try postfix(try primary())]
        }
        let test = Expression.test(base, .init(name: name, arguments: arguments))
        return isNegated ? .unary(.not, test) : test
    }

    var takesBareArgument: Bool {
        switch current {
        case .name("else"), .name("or"), .name("and"), .name("is"), .name("if"), .name("in"), .name("not"): false
        case .name, .string, .integer, .float, .symbol("["), .symbol("{"): true
        default: false
        }
    }
}
