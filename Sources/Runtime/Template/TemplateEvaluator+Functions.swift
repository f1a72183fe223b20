/// The functions of a template and the methods of its values.
extension TemplateEvaluator {
    static let globals: Set<String> = ["range", "dict", "namespace", "raise_exception", "strftime_now", "joiner", "cycler", "lipsum"]

    func call(_ callee: TemplateValue, _ arguments: TemplateArguments) throws(RuntimeError) -> TemplateValue {
        try use(callee)
        switch callee {
        case .function(.macro(let macro, let scope)): return try call(macro, arguments, in: scope)
        case .function(.builtin(let name)): return try builtin(name, arguments)
        case .function(.method(let receiver, let name)): return try method(name, of: receiver, arguments)
        case .function(.joiner(let turn)):
            turn.index += 1
            return turn.index == 1 ? .string("") : turn.items[0]
        case .loop(let loop): return try recur(loop, over: arguments.positional.first ?? .none)
        default: throw failure("'\(callee.typeName)' object is not callable")
        }
    }

    private func builtin(_ name: String, _ arguments: TemplateArguments) throws(RuntimeError) -> TemplateValue {
        switch name {
        case "raise_exception": throw RuntimeError(arguments.positional.first?.text ?? "the chat template refuses the messages")
        case "strftime_now": return .string(clock(arguments.positional.first?.text ?? ""))
        case "namespace":
            let namespace = makeNamespace()
            for member in try dictArguments(arguments).members { namespace.members[member.key.text] = member.value }
            return .namespace(namespace)
        case "dict": return .dict(try dictArguments(arguments))
        case "lipsum": throw failure("`lipsum` is not supported: a prompt must not depend on chance")
        case "joiner": return .function(.joiner(TemplateTurn([arguments.value(0, "sep") ?? .string(", ")])))
        case "cycler":
            guard !arguments.positional.isEmpty else { throw failure("at least one item has to be provided") }
            return .function(.cycler(TemplateTurn(arguments.positional)))
        default: return .list(try range(arguments.positional))
        }
    }

    private func dictArguments(_ arguments: TemplateArguments) throws(RuntimeError) -> TemplateDict {
        var dict = TemplateDict()
        switch arguments.positional.first {
        case nil: break
        case .dict(let given)?: dict = given
        case let pairs?:
            for pair in try iterate(pairs) {
                let parts = try iterate(pair)
                guard parts.count == 2 else { throw failure("dict(…) needs pairs") }
                dict.set(parts[0], parts[1])
            }
        }
        for argument in arguments.named { dict.set(.string(argument.name), argument.value) }
        return dict
    }

    private func range(_ arguments: [TemplateValue]) throws(RuntimeError) -> [TemplateValue] {
        var bounds: [Int] = []
        for argument in arguments {
            guard let bound = argument.integer else { throw failure("range(…) needs integers, not \(argument.typeName)") }
            bounds.append(bound)
        }
        guard (1...3).contains(bounds.count) else { throw failure("range(…) takes one to three integers") }
        let step = bounds.count == 3 ? bounds[2] : 1
        guard step != 0 else { throw failure("range(…) with a step of zero") }
        let (start, end) = bounds.count == 1 ? (0, bounds[0]) : (bounds[0], bounds[1])
        let (width, overflows) = end.subtractingReportingOverflow(start)
        // What Jinja's sandbox allows.
        guard !overflows, step != .min, width != .min, width / step <= 100_000 else { throw failure("range(…) of more than 100000 elements") }
        return stride(from: start, to: end, by: step).map { .integer($0) }
    }

    // MARK: Methods

    private static let stringMethods: Set<String> = [
        "startswith", "endswith", "strip", "lstrip", "rstrip", "split", "rsplit", "splitlines", "replace", "upper", "lower", "title",
        "capitalize", "join", "find", "rfind", "index", "count", "format", "removeprefix", "removesuffix", "partition", "rpartition", "isdigit",
        "isalpha", "isalnum", "isspace", "isupper", "islower", "zfill", "center", "ljust", "rjust", "swapcase", "casefold", "expandtabs",
    ]
    private static let dictMethods: Set<String> = ["get", "items", "keys", "values", "copy"]
    private static let listMethods: Set<String> = ["index", "count", "copy"]

    static func methods(of value: TemplateValue) -> Set<String> {
        switch value {
        case .string: stringMethods
        case .dict: dictMethods
        case .list, .tuple: listMethods
        default: []
        }
    }

    private func method(_ name: String, of receiver: TemplateValue, _ arguments: TemplateArguments) throws(RuntimeError) -> TemplateValue {
        switch receiver {
        case .string(let text): return try method(name, of: text, arguments)
        case .dict(let dict):
            switch name {
            case "get": return arguments.positional.first.flatMap { dict[$0] } ?? arguments.value(1, "default") ?? .none
            case "items": return .list(dict.members.map { .tuple([$0.key, $0.value]) })
            case "keys": return .list(dict.members.map(\.key))
            case "values": return .list(dict.members.map(\.value))
            default: return receiver
            }
        case .list(let elements), .tuple(let elements):
            if name == "copy" { return receiver }
            guard let wanted = arguments.positional.first else { throw failure("`\(name)` needs an argument") }
            if name == "count" { return .integer(elements.count { $0.equals(wanted) }) }
            guard let index = elements.firstIndex(where: { $0.equals(wanted) }) else { throw failure("\(wanted.notation) is not in list") }
            return .integer(index)
        case .loop(let loop): return try method(name, of: loop, arguments.positional)
        case .function(.cycler(let turn)):
            defer { turn.index = name == "reset" ? 0 : (turn.index + 1) % turn.items.count }
            return name == "reset" ? .none : turn.items[turn.index]
        default: throw failure("'\(receiver.typeName)' object has no method '\(name)'")
        }
    }

    private func method(_ name: String, of loop: TemplateLoop, _ values: [TemplateValue]) throws(RuntimeError) -> TemplateValue {
        if name == "changed" {
            defer { loop.lastChanged = values }
            return .bool(loop.lastChanged.map { !TemplateValue.list($0).equals(.list(values)) } ?? true)
        }
        guard !values.isEmpty else { throw failure("no items for cycling given") }
        return values[loop.index % values.count]
    }
}
