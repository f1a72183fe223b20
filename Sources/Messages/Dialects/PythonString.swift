/// A string literal of Python, written as JSON while it is read.
struct PythonString: Sendable {
    enum Reading {
        case inside
        case ended
        /// It has ended before this byte.
        case endedBefore
    }
    private enum Place {
        /// So many quotes have opened it.
        case opened(Int)
        case body
        /// So many quotes that may close it.
        case closing(Int)
        /// What follows the backslash.
        case escape([UInt8])
    }

    private let quote: UInt8
    private var place = Place.opened(1)
    private var isTriple = false

    init(quote: UInt8) { self.quote = quote }

    mutating func take(_ byte: UInt8, _ output: inout [UInt8]) -> Reading {
        switch place {
        case .opened(let count):
            if byte == quote, count == 1 {
                place = .opened(2)
                return .inside
            }
            if byte != quote, count == 2 {
                output.append(UInt8(ascii: "\""))
                return .endedBefore
            }
            place = .body
            if byte != quote { return take(byte, &output) }
            isTriple = true
        case .closing(let count):
            if byte != quote {
                for _ in 0..<count { Self.write(quote, &output) }
                place = .body
                return take(byte, &output)
            }
            if count == 2 { return end(&output) }
            place = .closing(count + 1)
        case .body:
            if byte == quote {
                if !isTriple { return end(&output) }
                place = .closing(1)
            } else if byte == UInt8(ascii: "\\") {
                place = .escape([])
            } else {
                Self.write(byte, &output)
            }
        case .escape(let bytes): return takeEscape(bytes, byte, &output)
        }
        return .inside
    }

    private func end(_ output: inout [UInt8]) -> Reading {
        output.append(UInt8(ascii: "\""))
        return .ended
    }

    private mutating func takeEscape(_ bytes: [UInt8], _ byte: UInt8, _ output: inout [UInt8]) -> Reading {
        guard let kind = bytes.first else {
            switch byte {
            case UInt8(ascii: "x"), UInt8(ascii: "u"), UInt8(ascii: "U"), UInt8(ascii: "0")...UInt8(ascii: "7"): place = .escape([byte])
            default:
                place = .body
                Self.write(escape: byte, &output)
            }
            return .inside
        }
        let isOctal = kind < UInt8(ascii: "8")
        let length = isOctal ? 3 : kind == UInt8(ascii: "x") ? 3 : kind == UInt8(ascii: "u") ? 5 : 9
        let isDigit = isOctal ? (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(byte) : Character(UnicodeScalar(byte)).isHexDigit
        let all = isDigit ? bytes + [byte] : bytes
        if isDigit, all.count < length {
            place = .escape(all)
            return .inside
        }
        place = .body
        let digits = String(decoding: isOctal ? all[...] : all.dropFirst(), as: UTF8.self)
        if all.count == length || isOctal, let code = UInt32(digits, radix: isOctal ? 8 : 16) {
            Self.write(code: code, &output)
        } else {
            for byte in [UInt8(ascii: "\\")] + all { Self.write(byte, &output) }
        }
        return isDigit ? .inside : take(byte, &output)
    }

    // MARK: JSON

    /// One byte of the text.
    private static func write(_ byte: UInt8, _ output: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): output += [UInt8(ascii: "\\"), byte]
        case 0..<0x20: write(unit: UInt32(byte), &output)
        default: output.append(byte)
        }
    }

    private static func write(unit: UInt32, _ output: inout [UInt8]) {
        let digits = String(unit, radix: 16)
        output += Array(("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8)
    }

    /// What a number stands for; half of a pair is written as such, since the other half may follow.
    private static func write(code: UInt32, _ output: inout [UInt8]) {
        if (0xD800..<0xE000).contains(code) { return write(unit: code, &output) }
        for byte in String(Character(UnicodeScalar(code) ?? "\u{FFFD}")).utf8 { write(byte, &output) }
    }

    /// An escape of one letter; of others Python keeps both.
    private static func write(escape byte: UInt8, _ output: inout [UInt8]) {
        switch byte {
        case 0x0A: break
        case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""): write(byte, &output)
        case UInt8(ascii: "n"): write(0x0A, &output)
        case UInt8(ascii: "t"): write(0x09, &output)
        case UInt8(ascii: "r"): write(0x0D, &output)
        case UInt8(ascii: "a"): write(0x07, &output)
        case UInt8(ascii: "b"): write(0x08, &output)
        case UInt8(ascii: "f"): write(0x0C, &output)
        case UInt8(ascii: "v"): write(0x0B, &output)
        default:
            write(UInt8(ascii: "\\"), &output)
            write(byte, &output)
        }
    }
}
