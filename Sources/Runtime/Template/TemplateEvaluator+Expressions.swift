import Glibc

/// Expressions and their operators.
extension TemplateEvaluator {
    func evaluate(_ expression: Expression, in scope: TemplateScope) throws(RuntimeError) -> TemplateValue {
        try enter()
        defer { leave() }
        switch expression {
        case .none: return .none
        case .bool(let value): return .bool(value)
        case .integer(let value): return .integer(value)
        case .float(let value): return .float(value)
        case .string(let value): return .string(value)
        case .name(let name):
            if let value = scope.value(name) { return value }
            return Self.globals.contains(name) ? .function(.builtin(name)) : .undefined("'\(name)' is undefined")
        case .list(let elements): return .list(try evaluate(elements, in: scope))
        case .tuple(let elements): return .tuple(try evaluate(elements, in: scope))
        case .dict(let members):
            var dict = TemplateDict()
            for member in members { dict.set(try evaluate(member.key, in: scope), try evaluate(member.value, in: scope)) }
            try check(nestingOf: dict.members.lazy.map(\.value))
            return .dict(dict)
        case .attribute(let base, let name): return try attribute(name, of: try evaluate(base, in: scope))
        case .item(let base, let key): return try item(try evaluate(key, in: scope), of: try evaluate(base, in: scope))
        case .slice(let base, let start, let stop, let step):
            func bound(_ expression: Expression?) throws(RuntimeError) -> Int? {
                guard let expression else { return nil }
                let value = try evaluate(expression, in: scope)
                if case .none = value { return nil }
                guard let integer = value.integer else { throw failure("a slice needs integers, not \(value.typeName)") }
                return integer
            }
            return try slice(try evaluate(base, in: scope), try bound(start), try bound(stop), try bound(step))
        case .call(let callee, let syntax): return try call(try evaluate(callee, in: scope), try arguments(syntax, in: scope))
        case .filter(let base, let filter):
            return try self.filter(filter.name, try evaluate(base, in: scope), try arguments(filter.arguments, in: scope))
        case .test(let base, let test):
            return .bool(try self.test(test.name, try evaluate(base, in: scope), try arguments(test.arguments, in: scope)))
        case .unary(let operation, let operand): return try unary(operation, try evaluate(operand, in: scope))
        case .binary(let operation, let left, let right):
            return try binary(operation, try evaluate(left, in: scope), try evaluate(right, in: scope))
        case .compare(let first, let rest):
            var left = try evaluate(first, in: scope)
            for (comparison, expression) in rest {
                let right = try evaluate(expression, in: scope)
                guard try compare(comparison, left, right) else { return .bool(false) }
                left = right
            }
            return .bool(true)
        case .and(let left, let right):
            let value = try evaluate(left, in: scope)
            return value.isTrue ? try evaluate(right, in: scope) : value
        case .or(let left, let right):
            let value = try evaluate(left, in: scope)
            return value.isTrue ? value : try evaluate(right, in: scope)
        case .concatenate(let parts):
            var text = ""
            for part in parts { text += try evaluate(part, in: scope).text }
            try check(size: text.utf8.count)
            return .string(text)
        case .conditional(let condition, let then, let otherwise):
            if try evaluate(condition, in: scope).isTrue { return try evaluate(then, in: scope) }
            guard let otherwise else { return .undefined("the inline if-expression has no else and its condition is false") }
            return try evaluate(otherwise, in: scope)
        }
    }

    private func evaluate(_ expressions: [Expression], in scope: TemplateScope) throws(RuntimeError) -> [TemplateValue] {
        var values: [TemplateValue] = []
        values.reserveCapacity(expressions.count)
        for expression in expressions { values.append(try evaluate(expression, in: scope)) }
        try check(nestingOf: values)
        return values
    }

    func arguments(_ syntax: TemplateSyntax.Arguments, in scope: TemplateScope) throws(RuntimeError) -> TemplateArguments {
        var arguments = TemplateArguments(positional: try evaluate(syntax.positional, in: scope))
        for argument in syntax.named { arguments.named.append((argument.name, try evaluate(argument.value, in: scope))) }
        if let spread = syntax.spread { arguments.positional += try iterate(try evaluate(spread, in: scope)) }
        if let spread = syntax.namedSpread {
            guard case .dict(let dict) = try evaluate(spread, in: scope) else { throw failure("`**` needs a dict") }
            arguments.named += dict.members.map { ($0.key.text, $0.value) }
        }
        return arguments
    }

    /// An undefined value may be tested and written, but not used.
    func use(_ value: TemplateValue) throws(RuntimeError) {
        if case .undefined(let message) = value { throw failure(message) }
    }

    // MARK: Members

    /// `value.name`: what the value itself has of that name, then its member.
    func attribute(_ name: String, of value: TemplateValue) throws(RuntimeError) -> TemplateValue {
        try use(value)
        if Self.methods(of: value).contains(name) { return .function(.method(value, name)) }
        switch value {
        case .dict(let dict): if let member = dict[name] { return member }
        case .namespace(let namespace): if let member = namespace.members[name] { return member }
        case .loop(let loop): if let member = loop.attribute(name) { return member }
        case .function(.macro(let macro, _)): if name == "name" { return .string(macro.name) }
        case .function(.cycler(let turn)):
            if name == "current" { return turn.items[turn.index] }
            if name == "next" || name == "reset" { return .function(.method(value, name)) }
        // What `groupby` gives; it is a tuple in all else.
        case .tuple(let pair) where pair.count == 2 && (name == "grouper" || name == "list"): return pair[name == "grouper" ? 0 : 1]
        case .bool, .integer, .largeInteger, .float: if let part = Self.part(name, ofNumber: value) { return part }
        default: break
        }
        return .undefined("'\(value.typeName) object' has no attribute '\(name)'")
    }

    /// Python's numbers have the parts of complex numbers and of fractions.
    private static func part(_ name: String, ofNumber value: TemplateValue) -> TemplateValue? {
        let isFloat = if case .float = value { true } else { false }
        let whole = value.integer.map(TemplateValue.integer) ?? value
        return switch name {
        case "real": whole
        case "imag": isFloat ? .float(0) : .integer(0)
        case "numerator": isFloat ? nil : whole
        case "denominator": isFloat ? nil : .integer(1)
        default: nil
        }
    }

    /// `value[key]`: its member, then for a text what `value.key` gives.
    func item(_ key: TemplateValue, of value: TemplateValue) throws(RuntimeError) -> TemplateValue {
        try use(value)
        switch value {
        case .dict(let dict): if let member = dict[key] { return member }
        case .list(let elements), .tuple(let elements):
            if let index = key.integer {
                let position = index < 0 ? index + elements.count : index
                return elements.indices.contains(position) ? elements[position] : .undefined("\(value.typeName) object has no element \(index)")
            }
        case .string(let text):
            if let index = key.integer {
                let scalars = Array(text.unicodeScalars)
                let position = index < 0 ? index + scalars.count : index
                return scalars.indices.contains(position) ? .string(String(scalars[position])) : .undefined("str object has no element \(index)")
            }
        default: break
        }
        if let name = key.stringValue { return try attribute(name, of: value) }
        return .undefined("'\(value.typeName) object' has no item \(key.notation)")
    }

    func slice(_ value: TemplateValue, _ start: Int?, _ stop: Int?, _ step: Int?) throws(RuntimeError) -> TemplateValue {
        try use(value)
        func picked<Element>(_ elements: [Element]) throws(RuntimeError) -> [Element] {
            let step = step ?? 1
            guard step != 0 else { throw failure("slice step cannot be zero") }
            let count = elements.count
            func bound(_ index: Int?, _ absent: Int, _ low: Int, _ high: Int) -> Int {
                guard let index else { return absent }
                return min(max(index < 0 ? index + count : index, low), high)
            }
            let first = step > 0 ? bound(start, 0, 0, count) : bound(start, count - 1, -1, count - 1)
            let last = step > 0 ? bound(stop, count, 0, count) : bound(stop, -1, -1, count - 1)
            return stride(from: first, to: last, by: step).map { elements[$0] }
        }
        switch value {
        case .list(let elements): return .list(try picked(elements))
        case .tuple(let elements): return .tuple(try picked(elements))
        case .string(let text):
            var result = String.UnicodeScalarView()
            result.append(contentsOf: try picked(Array(text.unicodeScalars)))
            return .string(String(result))
        default: throw failure("'\(value.typeName)' object cannot be sliced")
        }
    }
}
