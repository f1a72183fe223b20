/// The tests of Jinja 3: `value is name`.
extension TemplateEvaluator {
    func test(_ name: String, _ value: TemplateValue, _ arguments: TemplateArguments) throws(RuntimeError) -> Bool {
        func argument() throws(RuntimeError) -> TemplateValue {
            guard let first = arguments.positional.first else { throw failure("the test `\(name)` needs an argument") }
            return first
        }
        switch name {
        case "defined": return !value.isUndefined
        case "undefined": return value.isUndefined
        case "eq", "equalto", "==", "sameas":
            let other = try argument()
            return name == "sameas" ? value.typeName == other.typeName && value.equals(other) : value.equals(other)
        case "ne", "!=": return !value.equals(try argument())
        case "lt", "lessthan", "<": return try compare(.less, value, try argument())
        case "le", "<=": return try compare(.lessOrEqual, value, try argument())
        case "gt", "greaterthan", ">": return try compare(.greater, value, try argument())
        case "ge", ">=": return try compare(.greaterOrEqual, value, try argument())
        case "in": return try contains(try argument(), value)
        case "odd", "even", "divisibleby":
            guard let integer = value.integer else { throw failure("the test `\(name)` needs an integer, not \(value.typeName)") }
            let divisor = name == "divisibleby" ? try argument().integer ?? 0 : 2
            guard divisor != 0 else { throw failure("division by zero") }
            return integer.isMultiple(of: divisor) == (name != "odd")
        case "test": return Self.knownTests.contains(value.text)
        case "filter": return Self.knownFilters.contains(value.text)
        default: return try isOfType(name, value)
        }
    }

    private func isOfType(_ name: String, _ value: TemplateValue) throws(RuntimeError) -> Bool {
        switch (name, value) {
        case ("none", .none), ("boolean", .bool), ("true", .bool(true)), ("false", .bool(false)), ("string", .string), ("mapping", .dict),
            ("integer", .integer), ("integer", .largeInteger), ("float", .float), ("callable", .function), ("callable", .loop),
            ("callable", .undefined):
            return true
        case ("number", _): return value.number != nil
        case ("iterable", .list), ("iterable", .tuple), ("iterable", .dict), ("iterable", .string), ("iterable", .undefined), ("iterable", .loop):
            return true
        case ("sequence", .list), ("sequence", .tuple), ("sequence", .dict), ("sequence", .string), ("sequence", .undefined): return true
        case ("lower", .string(let text)): return PythonText.satisfies("islower", text)
        case ("upper", .string(let text)): return PythonText.satisfies("isupper", text)
        case ("escaped", _): return false
        case ("none", _), ("boolean", _), ("true", _), ("false", _), ("string", _), ("mapping", _), ("integer", _), ("float", _), ("callable", _),
            ("iterable", _), ("sequence", _), ("lower", _), ("upper", _):
            return false
        default: throw failure("no test named '\(name)'")
        }
    }

    private static let knownFilters: Set<String> = [
        "default", "d", "tojson", "length", "count", "safe", "string", "int", "float", "abs", "round", "list", "items", "attr", "trim", "upper",
        "lower", "capitalize", "title", "replace", "join", "indent", "format", "escape", "e", "wordcount", "first", "last", "reverse", "map",
        "select", "reject", "selectattr", "rejectattr", "sort", "dictsort", "unique", "sum", "min", "max", "groupby", "batch", "slice", "center",
        "truncate", "wordwrap", "pprint", "forceescape",
    ]

    private static let knownTests: Set<String> = [
        "defined", "undefined", "eq", "equalto", "==", "sameas", "ne", "!=", "lt", "lessthan", "<", "le", "<=", "gt", "greaterthan", ">", "ge",
        ">=", "in", "odd", "even", "divisibleby", "filter", "test", "none", "boolean", "true", "false", "string", "mapping", "integer", "float",
        "number", "callable", "iterable", "sequence", "lower", "upper", "escaped",
    ]
}
