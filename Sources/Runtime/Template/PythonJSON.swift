/// `json.dumps` of Python, with the options that Hugging Face's `tojson` takes.
enum PythonJSON {
    private struct Style {
        var indentation: String?
        var itemSeparator: String
        var keySeparator: String
        var escapesUnicode: Bool
        var sortsKeys: Bool
    }

    static func text(
        of value: TemplateValue, _ arguments: TemplateArguments, _ failure: (String) -> RuntimeError
    ) throws(RuntimeError) -> String {
        let indent = arguments.value(1, "indent") ?? .none
        let indentation = indent.stringValue ?? indent.integer.map { String(repeating: " ", count: min(max($0, 0), 100)) }
        var style = Style(
            indentation: indentation, itemSeparator: indentation == nil ? ", " : ",", keySeparator: ": ",
            escapesUnicode: arguments.value(0, "ensure_ascii")?.isTrue ?? false, sortsKeys: arguments.value(3, "sort_keys")?.isTrue ?? false)
        switch arguments.value(2, "separators") {
        case .tuple(let pair)?, .list(let pair)?:
            guard pair.count == 2, let item = pair[0].stringValue, let key = pair[1].stringValue else {
                throw failure("`separators` of tojson must be two strings")
            }
            style.itemSeparator = item
            style.keySeparator = key
        default: break
        }
        var text = ""
        try write(value, to: &text, style, depth: 0, failure)
        return text
    }

    private static func write(
        _ value: TemplateValue, to text: inout String, _ style: Style, depth: Int, _ failure: (String) -> RuntimeError
    ) throws(RuntimeError) {
        guard depth < 600 else { throw failure("tojson of a value nested more than 600 deep") }
        switch value {
        case .none: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .integer(let value): text += String(value)
        case .largeInteger(let digits): text += digits
        case .float(let value): text += value.isNaN ? "NaN" : value.isInfinite ? (value < 0 ? "-Infinity" : "Infinity") : PythonText.text(of: value)
        case .string(let value): write(value, to: &text, style)
        case .list(let elements), .tuple(let elements):
            guard !elements.isEmpty else { return text += "[]" }
            text += "["
            for (index, element) in elements.enumerated() {
                if index > 0 { text += style.itemSeparator }
                newLine(&text, style, depth + 1)
                try write(element, to: &text, style, depth: depth + 1, failure)
            }
            newLine(&text, style, depth)
            text += "]"
        case .dict(let dict):
            guard !dict.members.isEmpty else { return text += "{}" }
            text += "{"
            var members: [(key: String, value: TemplateValue)] = []
            for member in dict.members { members.append((try keyText(member.key, failure), member.value)) }
            if style.sortsKeys { members.sort { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) } }
            for (index, member) in members.enumerated() {
                if index > 0 { text += style.itemSeparator }
                newLine(&text, style, depth + 1)
                write(member.key, to: &text, style)
                text += style.keySeparator
                try write(member.value, to: &text, style, depth: depth + 1, failure)
            }
            newLine(&text, style, depth)
            text += "}"
        case .undefined, .namespace, .loop, .function: throw failure("Object of type \(value.typeName) is not JSON serializable")
        }
    }

    private static func keyText(_ key: TemplateValue, _ failure: (String) -> RuntimeError) throws(RuntimeError) -> String {
        switch key {
        case .string(let text): return text
        case .none: return "null"
        case .bool(let value): return value ? "true" : "false"
        case .integer, .largeInteger, .float: return key.text
        default: throw failure("keys must be str, int, float, bool or None, not \(key.typeName)")
        }
    }

    private static func newLine(_ text: inout String, _ style: Style, _ depth: Int) {
        guard let indentation = style.indentation else { return }
        text += "\n" + String(repeating: indentation, count: depth)
    }

    private static func write(_ value: String, to text: inout String, _ style: Style) {
        text += "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\u{08}": text += "\\b"
            case "\u{0C}": text += "\\f"
            default:
                if scalar.value < 0x20 || (style.escapesUnicode && scalar.value > 0x7E) {
                    for unit in String(scalar).utf16 {
                        let hex = String(unit, radix: 16)
                        text += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
                    }
                } else {
                    text.unicodeScalars.append(scalar)
                }
            }
        }
        text += "\""
    }
}
