extension JSONParser {
    /// Checks the string at `position` (its opening quote) and goes behind it.
    @inline(__always)
    mutating func parseString() throws(JSONError) -> JSONString {
        let open = position
        let (end, isASCII) = PlainRun.end(in: bytes, from: open + 1)
        position = end
        guard end < bytes.count, bytes[end] == UInt8(ascii: "\"") else { return try parseLongString(open, isASCII: isASCII) }
        if !isASCII { try checkUTF8(open + 1..<end) }
        position = end + 1
        return JSONString(range: open..<end + 1, isEscaped: false, isASCII: isASCII)
    }

    /// A string whose first plain run, up to `position`, is not all of it.
    private mutating func parseLongString(_ open: Int, isASCII: Bool) throws(JSONError) -> JSONString {
        var isASCII = isASCII
        var isRunASCII = isASCII
        var start = open + 1
        while position < bytes.count {
            let byte = bytes[position]
            guard byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else {
                throw failure("control character U+00\(hex(byte)) in a string; write it as an escape")
            }
            if !isRunASCII { try checkUTF8(start..<position) }
            if byte == UInt8(ascii: "\"") {
                position += 1
                return JSONString(range: open..<position, isEscaped: true, isASCII: isASCII)
            }
            try checkEscape()
            start = position
            (position, isRunASCII) = PlainRun.end(in: bytes, from: position)
            isASCII = isASCII && isRunASCII
        }
        throw failure("the string that opens here has no closing quote", at: open)
    }

    /// Goes behind the escape at `position`.
    private mutating func checkEscape() throws(JSONError) {
        let start = position
        position += 1
        guard let byte = current else { throw failure("unexpected end of the text in an escape") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"),
            UInt8(ascii: "t"):
            return
        case UInt8(ascii: "u"):
            let unit = try parseHex4(start)
            if (0xDC00...0xDFFF).contains(unit) { throw failure("a low surrogate without its high surrogate", at: start) }
            guard (0xD800...0xDBFF).contains(unit) else { return }
            guard current == UInt8(ascii: "\\"), position + 1 < bytes.count, bytes[position + 1] == UInt8(ascii: "u") else {
                throw failure("a high surrogate without its low surrogate", at: start)
            }
            position += 2
            guard (0xDC00...0xDFFF).contains(try parseHex4(start)) else { throw failure("a high surrogate without its low surrogate", at: start) }
        default:
            throw failure("unknown escape '\\\(describe(byte).filter { $0 != "'" })'; known are \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX", at: start)
        }
    }

    private mutating func parseHex4(_ start: Int) throws(JSONError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = current, let digit = JSONEscapes.digit(byte) else { throw failure("\\u needs four hexadecimal digits", at: start) }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }

    private func checkUTF8(_ range: Range<Int>) throws(JSONError) {
        var index = range.lowerBound
        while index < range.upperBound {
            let byte = bytes[index]
            if byte < 0x80 {
                index += 1
                continue
            }
            let length = UTF8Validation.sequenceLength(at: index, in: bytes, limit: range.upperBound)
            guard length > 0 else { throw failure("byte 0x\(hex(byte)) is not UTF-8", at: index) }
            index += length
        }
    }
}
