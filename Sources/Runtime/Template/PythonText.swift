/// Strings as Python has them: sequences of code points, with its white space, its escapes and its notation of values.
enum PythonText {
    /// `str.isspace` of one code point.
    static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09...0x0D, 0x1C...0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: true
        default: false
        }
    }

    /// The first offset of `range` that is not white space.
    static func trimmedStart(_ bytes: [UInt8], _ range: Range<Int>) -> Int {
        var index = range.lowerBound
        while index < range.upperBound {
            let (scalar, length) = scalar(bytes, at: index)
            guard isSpace(scalar) else { break }
            index += length
        }
        return min(index, range.upperBound)
    }

    /// The end of `range` without the white space that it ends with.
    static func trimmedEnd(_ bytes: [UInt8], _ range: Range<Int>) -> Int {
        var end = range.upperBound
        while end > range.lowerBound {
            var start = end - 1
            while start > range.lowerBound, bytes[start] & 0xC0 == 0x80 { start -= 1 }
            guard isSpace(scalar(bytes, at: start).0) else { break }
            end = start
        }
        return end
    }

    private static func scalar(_ bytes: [UInt8], at index: Int) -> (Unicode.Scalar, Int) {
        let lead = bytes[index]
        if lead < 0x80 { return (Unicode.Scalar(lead), 1) }
        let length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2
        let text = String(decoding: bytes[index..<min(index + length, bytes.count)], as: UTF8.self)
        return (text.unicodeScalars.first ?? "\u{FFFD}", length)
    }

    /// The content of a string literal (Python's `unicode-escape`). An unknown escape stays as it is written.
    static func unescaped(_ content: ArraySlice<UInt8>, _ failure: (String) -> RuntimeError) throws(RuntimeError) -> String {
        guard content.contains(UInt8(ascii: "\\")) else { return String(decoding: content, as: UTF8.self) }
        var result: [UInt8] = []
        var rest = content
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\"), let escaped = rest.popFirst() else {
                result.append(byte)
                continue
            }
            switch escaped {
            case UInt8(ascii: "n"): result.append(0x0A)
            case UInt8(ascii: "t"): result.append(0x09)
            case UInt8(ascii: "r"): result.append(0x0D)
            case UInt8(ascii: "f"): result.append(0x0C)
            case UInt8(ascii: "v"): result.append(0x0B)
            case UInt8(ascii: "a"): result.append(0x07)
            case UInt8(ascii: "b"): result.append(0x08)
            case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""): result.append(escaped)
            case 0x0A: break
            case UInt8(ascii: "x"): result += try scalar(&rest, digits: 2, radix: 16, failure)
            case UInt8(ascii: "u"): result += try scalar(&rest, digits: 4, radix: 16, failure)
            case UInt8(ascii: "U"): result += try scalar(&rest, digits: 8, radix: 16, failure)
            case UInt8(ascii: "0")...UInt8(ascii: "7"):
                var digits = [escaped]
                while digits.count < 3, let next = rest.first, (0x30...0x37).contains(next) { digits.append(rest.removeFirst()) }
                var slice = digits[...]
                result += try scalar(&slice, digits: digits.count, radix: 8, failure)
            default: result += [byte, escaped]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func scalar(
        _ rest: inout ArraySlice<UInt8>, digits: Int, radix: Int, _ failure: (String) -> RuntimeError
    ) throws(RuntimeError) -> [UInt8] {
        let text = String(decoding: rest.prefix(digits), as: UTF8.self)
        guard rest.count >= digits, let value = UInt32(text, radix: radix), let scalar = Unicode.Scalar(value) else {
            throw failure("a string has an escape that is no character: \\\(text)")
        }
        rest = rest.dropFirst(digits)
        return Array(String(scalar).utf8)
    }

    /// `repr` of a float, which is also its text: the shortest digits that read back, exponents below 1e-4 and from 1e16 on.
    static func text(of value: Double) -> String {
        if value.isNaN { return "nan" }
        if value.isInfinite { return value < 0 ? "-inf" : "inf" }
        if value == 0 { return value.sign == .minus ? "-0.0" : "0.0" }
        var digits: [Character] = []
        var exponent = 0
        var seenPoint = false
        var description = Substring(value.magnitude.description)
        if let mark = description.firstIndex(of: "e") {
            exponent = Int(description[description.index(after: mark)...]) ?? 0
            description = description[..<mark]
        }
        for character in description {
            if character == "." {
                seenPoint = true
            } else {
                digits.append(character)
                if !seenPoint { exponent += 1 }
            }
        }
        while digits.first == "0" {
            digits.removeFirst()
            exponent -= 1
        }
        while digits.last == "0" { digits.removeLast() }
        // The value is 0.digits × 10^exponent.
        let sign = value < 0 ? "-" : ""
        if exponent > 16 || exponent < -3 {
            let power = exponent - 1
            let mantissa = digits.count == 1 ? String(digits) : String(digits[0]) + "." + String(digits[1...])
            let magnitude = String(abs(power))
            return sign + mantissa + "e" + (power < 0 ? "-" : "+") + (magnitude.count < 2 ? "0" : "") + magnitude
        }
        if exponent <= 0 { return sign + "0." + String(repeating: "0", count: -exponent) + String(digits) }
        if digits.count <= exponent { return sign + String(digits) + String(repeating: "0", count: exponent - digits.count) + ".0" }
        return sign + String(digits[..<exponent]) + "." + String(digits[exponent...])
    }

    /// `repr` of a string: single quotes unless it has some and no double ones.
    static func quoted(_ text: String) -> String {
        let quote: Unicode.Scalar = text.unicodeScalars.contains("'") && !text.unicodeScalars.contains("\"") ? "\"" : "'"
        var result = String(quote)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case quote: result += "\\" + String(quote)
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where !isPrintable(scalar):
                let hex = String(scalar.value, radix: 16)
                let (letter, width) = scalar.value < 0x100 ? ("x", 2) : scalar.value < 0x10000 ? ("u", 4) : ("U", 8)
                result += "\\" + letter + String(repeating: "0", count: width - hex.count) + hex
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + String(quote)
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
        case .spaceSeparator: scalar == " "
        default: true
        }
    }
}
