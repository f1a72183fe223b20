import JSON

/// The meaning of plain scalars by YAML 1.2's core schema (section 10.3.2).
enum CoreSchema {
    enum Resolution {
        case value(SyntaxNode.Value)
        /// Infinite or not a number: JSON has no form for it.
        case notFinite
    }

    static func resolve(_ text: String) -> Resolution {
        guard let first = text.utf8.first else { return .value(.null) }
        switch first {
        case UInt8(ascii: "~"), UInt8(ascii: "n"), UInt8(ascii: "N"):
            if text == "~" || text == "null" || text == "Null" || text == "NULL" { return .value(.null) }
        case UInt8(ascii: "t"), UInt8(ascii: "T"):
            if text == "true" || text == "True" || text == "TRUE" { return .value(.bool(true)) }
        case UInt8(ascii: "f"), UInt8(ascii: "F"):
            if text == "false" || text == "False" || text == "FALSE" { return .value(.bool(false)) }
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
            return number(text)
        default: break
        }
        return .value(.string(text))
    }

    private static func number(_ text: String) -> Resolution {
        let bytes = Array(text.utf8)
        if bytes.count > 2, bytes[0] == UInt8(ascii: "0"), bytes[1] == UInt8(ascii: "o") || bytes[1] == UInt8(ascii: "x") {
            let radix = bytes[1] == UInt8(ascii: "o") ? 8 : 16
            let digits = text.dropFirst(2)
            guard digits.allSatisfy({ $0.isASCII && ($0.hexDigitValue ?? 99) < radix }) else { return .value(.string(text)) }
            return Int(digits, radix: radix).map { .value(.integer($0)) } ?? .value(.string(text))
        }
        var rest = bytes[...]
        let sign = rest.first.flatMap { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") ? $0 : nil }
        if sign != nil { rest = rest.dropFirst() }
        if rest.elementsEqual(".inf".utf8) || rest.elementsEqual(".Inf".utf8) || rest.elementsEqual(".INF".utf8) { return .notFinite }
        if sign == nil, text == ".nan" || text == ".NaN" || text == ".NAN" { return .notFinite }
        let whole = rest.prefix { isDigit($0) }
        if whole.count == rest.count, !whole.isEmpty {
            if let value = Int(sign == UInt8(ascii: "+") ? String(text.dropFirst()) : text) { return .value(.integer(value)) }
            let digits = String(decoding: whole.drop { $0 == UInt8(ascii: "0") }, as: UTF8.self)
            return JSONNumber((sign == UInt8(ascii: "-") ? "-" : "") + digits).map { .value(.number($0)) } ?? .value(.string(text))
        }
        guard isFloat(rest), let value = Double(normalised(text)) else { return .value(.string(text)) }
        guard value.isFinite else { return .notFinite }
        return .value(JSONNumber(value).map { .number($0) } ?? .null)
    }

    /// `[-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`, the sign taken off.
    private static func isFloat(_ text: ArraySlice<UInt8>) -> Bool {
        var rest = text
        let whole = rest.prefix(while: isDigit)
        rest = rest.dropFirst(whole.count)
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            let fraction = rest.prefix(while: isDigit)
            if whole.isEmpty, fraction.isEmpty { return false }
            rest = rest.dropFirst(fraction.count)
        } else if whole.isEmpty {
            return false
        }
        if rest.isEmpty { return true }
        guard rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") else { return false }
        rest = rest.dropFirst()
        if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
        return !rest.isEmpty && rest.allSatisfy(isDigit)
    }

    /// What Swift's number reader wants: no sign `+`.
    private static func normalised(_ text: String) -> String { text.hasPrefix("+") ? String(text.dropFirst()) : text }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
}
