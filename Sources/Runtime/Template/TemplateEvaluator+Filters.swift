/// The filters of Jinja 3, and `tojson` as Hugging Face redefines it.
extension TemplateEvaluator {
    func filter(_ name: String, _ value: TemplateValue, _ arguments: TemplateArguments) throws(RuntimeError) -> TemplateValue {
        switch name {
        case "default", "d":
            let asksTruth = arguments.value(1, "boolean")?.isTrue ?? false
            let isMissing = value.isUndefined || (asksTruth && !value.isTrue)
            return isMissing ? arguments.value(0, "default_value") ?? .string("") : value
        case "tojson":
            try use(value)
            return .string(try PythonJSON.text(of: value, arguments, failure))
        case "length", "count": return .integer(try length(value))
        case "safe", "string": return .string(value.text)
        case "int", "float": return convert(name, value, arguments)
        case "abs":
            if let integer = value.integer, integer != .min { return .integer(abs(integer)) }
            guard let number = value.number else { throw failure("`abs` needs a number, not \(value.typeName)") }
            return .float(abs(number))
        case "round": return try rounded(value, arguments)
        case "list": return .list(try iterate(value))
        case "items":
            if value.isUndefined { return .list([]) }
            guard case .dict(let dict) = value else { throw failure("can only get item pairs from a mapping") }
            return .list(dict.members.map { .tuple([$0.key, $0.value]) })
        case "attr":
            let name = arguments.value(0, "name")?.text ?? ""
            // A member of a dict is no attribute of it.
            if case .dict = value, !Self.methods(of: value).contains(name) { return .undefined("'dict object' has no attribute '\(name)'") }
            return try attribute(name, of: value)
        case "random": throw failure("`random` is not supported: a prompt must not depend on chance")
        case "pprint": return .string(value.notation)
        default:
            if let text = try textFilter(name, value, arguments) { return .string(text) }
            if let result = try sequenceFilter(name, value, arguments) { return result }
            throw failure("no filter named '\(name)'")
        }
    }

    private func length(_ value: TemplateValue) throws(RuntimeError) -> Int {
        switch value {
        case .string(let text): return text.unicodeScalars.count
        case .dict(let dict): return dict.members.count
        default: return try iterate(value).count
        }
    }

    private func convert(_ name: String, _ value: TemplateValue, _ arguments: TemplateArguments) -> TemplateValue {
        let fallback = arguments.value(0, "default")
        if name == "float" {
            let text = value.stringValue.map { PythonText.stripped($0, nil, left: true, right: true) }
            guard let number = value.number ?? text.flatMap({ Double($0) }) else { return fallback ?? .float(0) }
            return .float(number)
        }
        if let integer = value.integer { return .integer(integer) }
        if case .float(let number) = value, let integer = Int(exactly: number.rounded(.towardZero)) { return .integer(integer) }
        if let text = value.stringValue.map({ PythonText.stripped($0, nil, left: true, right: true) }) {
            let base = arguments.value(1, "base")?.integer ?? 10
            if (2...36).contains(base), let integer = Int(text, radix: base) { return .integer(integer) }
            if let number = Double(text), let integer = Int(exactly: number.rounded(.towardZero)) { return .integer(integer) }
        }
        return fallback ?? .integer(0)
    }

    private func rounded(_ value: TemplateValue, _ arguments: TemplateArguments) throws(RuntimeError) -> TemplateValue {
        guard let number = value.number else { throw failure("`round` needs a number, not \(value.typeName)") }
        let digits = arguments.value(0, "precision")?.integer ?? 0
        guard (0...15).contains(digits) else { throw failure("`round` with a precision of \(digits) is not supported") }
        let scale = (0..<digits).reduce(1.0) { scale, _ in scale * 10 }
        switch arguments.value(1, "method")?.text ?? "common" {
        case "common": return .float(Double(PythonText.fixed(number, digits: digits)) ?? number)
        case "ceil": return .float((number * scale).rounded(.up) / scale)
        case "floor": return .float((number * scale).rounded(.down) / scale)
        case let method: throw failure("`round` has no method \(method)")
        }
    }

    private static let textFilters: Set<String> = [
        "trim", "upper", "lower", "capitalize", "title", "replace", "join", "indent", "format", "escape", "e", "forceescape", "wordcount",
        "center", "truncate", "wordwrap",
    ]

    private func textFilter(_ name: String, _ value: TemplateValue, _ arguments: TemplateArguments) throws(RuntimeError) -> String? {
        // Only these need the text: that of a list of messages costs more than the filter.
        guard Self.textFilters.contains(name) else { return nil }
        let text = name == "join" ? "" : value.text
        try check(size: text.utf8.count)
        switch name {
        case "trim": return PythonText.stripped(text, arguments.value(0, "chars").flatMap(\.stringValue), left: true, right: true)
        case "upper": return text.uppercased()
        case "lower": return text.lowercased()
        case "capitalize": return PythonText.capitalized(text)
        case "title": return PythonText.titledWords(text)
        case "replace":
            guard let old = arguments.value(0, "old")?.text, let new = arguments.value(1, "new")?.text else {
                throw failure("`replace` needs what to replace, and by what")
            }
            return try replaced(text, old, new, arguments.value(2, "count")?.integer ?? -1)
        case "join":
            let separator = arguments.value(0, "d")?.text ?? ""
            var parts: [String] = []
            for element in try iterate(value) {
                let part = try arguments.value(1, "attribute").map { key throws(RuntimeError) in try path(key, of: element) } ?? element
                parts.append(part.text)
            }
            return try joined(parts, separator)
        case "indent": return indented(text, arguments)
        case "format": return try formatted(text, arguments.positional)
        case "escape", "e", "forceescape":
            var escaped = text
            for (character, entity) in [("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("'", "&#39;"), ("\"", "&#34;")] {
                escaped = try replaced(escaped, character, entity, -1)
            }
            return escaped
        case "center": return try aligned(text, "center", width: arguments.value(0, "width")?.integer ?? 80, fill: " ")
        case "truncate": return try truncated(text, arguments)
        case "wordwrap": return try wrapped(text, arguments)
        case "wordcount": return String(PythonText.words(text, limit: -1, fromRight: false).count)
        default: return nil
        }
    }

    private func indented(_ text: String, _ arguments: TemplateArguments) -> String {
        let width = arguments.value(0, "width") ?? .integer(4)
        let indentation = width.stringValue ?? String(repeating: " ", count: min(max(width.integer ?? 4, 0), 1000))
        let indentsFirst = arguments.value(1, "first")?.isTrue ?? false
        let indentsBlank = arguments.value(2, "blank")?.isTrue ?? false
        let lines = text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).map { String(Substring($0)) }
        return lines.enumerated().map { index, line in
            let isIndented = index == 0 ? indentsFirst : indentsBlank || !line.isEmpty
            return isIndented ? indentation + line : line
        }.joined(separator: "\n")
    }

    /// `a.b.0` within a value, as `map(attribute=…)` and its kin take it.
    func path(_ key: TemplateValue, of value: TemplateValue) throws(RuntimeError) -> TemplateValue {
        guard let name = key.stringValue else { return try item(key, of: value) }
        var value = value
        for part in name.split(separator: ".") { value = try item(Int(part).map { .integer($0) } ?? .string(String(part)), of: value) }
        return value
    }
}
