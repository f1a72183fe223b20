import Glibc

/// How one value is to be written: the format specification of `str.format` (Python's "Format Specification Mini-Language"), whose
/// parts `%` has too.
struct PythonFormat {
    enum Alignment { case left, right, center, afterSign }

    var fill: Unicode.Scalar = " "
    var alignment: Alignment?
    /// `+` or a blank before numbers that are not negative.
    var sign: Unicode.Scalar?
    var isAlternate = false
    var width = 0
    /// What parts groups of three digits.
    var groups: Unicode.Scalar?
    var precision: Int?
    var type: Unicode.Scalar?

    static let longestPrecision = 100

    init() {}

    /// nil for what is no specification.
    init?(_ text: String) {
        var rest = Array(text.unicodeScalars)[...]
        if rest.count > 1, let alignment = Self.alignment(rest[rest.startIndex + 1]) {
            (fill, self.alignment) = (rest[rest.startIndex], alignment)
            rest = rest.dropFirst(2)
        } else if let first = rest.first, let alignment = Self.alignment(first) {
            self.alignment = alignment
            rest = rest.dropFirst()
        }
        if let first = rest.first, "+- ".unicodeScalars.contains(first) {
            sign = first == "-" ? nil : first
            rest = rest.dropFirst()
        }
        if rest.first == "#" {
            isAlternate = true
            rest = rest.dropFirst()
        }
        if rest.first == "0" {
            if alignment == nil { (fill, alignment) = ("0", .afterSign) }
            rest = rest.dropFirst()
        }
        guard let width = Self.digits(&rest) else { return nil }
        self.width = width.value
        if rest.first == "," || rest.first == "_" { groups = rest.removeFirst() }
        if rest.first == "." {
            rest = rest.dropFirst()
            guard let digits = Self.digits(&rest), digits.count > 0 else { return nil }
            precision = digits.value
        }
        type = rest.popFirst()
        if !rest.isEmpty { return nil }
    }

    private static func alignment(_ scalar: Unicode.Scalar) -> Alignment? {
        switch scalar {
        case "<": .left
        case ">": .right
        case "^": .center
        case "=": .afterSign
        default: nil
        }
    }

    /// A number that stands in front; nil where it is beyond all bounds.
    static func digits(_ rest: inout ArraySlice<Unicode.Scalar>) -> (value: Int, count: Int)? {
        let digits = rest.prefix { ("0"..."9").contains($0) }
        rest = rest.dropFirst(digits.count)
        if digits.isEmpty { return (0, 0) }
        return Int(String(String.UnicodeScalarView(digits))).map { ($0, digits.count) }
    }

    // MARK: Writing

    /// `text` in its width.
    func padded(_ text: String) -> String {
        let missing = width - text.unicodeScalars.count
        guard missing > 0 else { return text }
        func blank(_ count: Int) -> String { String(repeating: String(fill), count: count) }
        return switch alignment ?? .left {
        case .left: text + blank(missing)
        case .right, .afterSign: blank(missing) + text
        case .center: blank(missing / 2) + text + blank(missing - missing / 2)
        }
    }

    /// A number of its sign and digits.
    func number(isNegative: Bool, prefix: String = "", _ digits: String) -> String {
        let sign = (isNegative ? "-" : self.sign.map { String($0) } ?? "") + prefix
        var digits = digits
        if let groups {
            let end = digits.firstIndex { !("0"..."9").contains($0) } ?? digits.endIndex
            let whole = Array(digits[..<end])
            let parts = stride(from: whole.count, to: 0, by: -3).map { String(whole[max(0, $0 - 3)..<$0]) }.reversed()
            digits = parts.joined(separator: String(groups)) + digits[end...]
        }
        if alignment == .afterSign {
            let missing = width - (sign + digits).unicodeScalars.count
            return sign + String(repeating: String(fill), count: max(0, missing)) + digits
        }
        var format = self
        if alignment == nil { format.alignment = .right }
        return format.padded(sign + digits)
    }

    /// A float by `e`, `f`, `g` or `%`; nil for another type.
    func float(_ value: Double) -> String? {
        let magnitude = value.magnitude
        guard let type, "eEfFgG%".unicodeScalars.contains(type) else { return nil }
        let isNegative = value.sign == .minus && !value.isNaN
        guard value.isFinite else { return number(isNegative: isNegative, value.isNaN ? "nan" : "inf") }
        let letter = type == "%" ? "f" : String(type)
        var buffer = [CChar](repeating: 0, count: 512)
        let digits = Int32(clamping: precision ?? 6)
        let count = withVaList([digits, type == "%" ? magnitude * 100 : magnitude]) {
            vsnprintf(&buffer, buffer.count, "%" + (isAlternate ? "#" : "") + ".*" + letter, $0)
        }
        let text = String(decoding: buffer.prefix(Int(count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return number(isNegative: isNegative, type == "%" ? text + "%" : text)
    }

    /// An integer by `d`, `x`, `X`, `o` or `b`; nil for another type.
    func integer(_ value: Int) -> String? {
        let base: (radix: Int, prefix: String)
        switch type {
        case "d", nil: base = (10, "")
        case "x": base = (16, "0x")
        case "X": base = (16, "0X")
        case "o": base = (8, "0o")
        case "b": base = (2, "0b")
        default: return nil
        }
        let digits = String(value.magnitude, radix: base.radix, uppercase: type == "X")
        return number(isNegative: value < 0, prefix: isAlternate ? base.prefix : "", digits)
    }
}
