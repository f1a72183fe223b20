/// What a parse produces, told to a sink as it happens; ranges are byte offsets into the input.
///
/// The sinks are the plain value (`JSONBuilder`) and the compiler's tree with spans: one grammar serves both.
public protocol JSONSink {
    mutating func null(at range: Range<Int>)
    mutating func bool(_ value: Bool, at range: Range<Int>)
    mutating func integer(_ value: Int, at range: Range<Int>)
    mutating func number(_ value: JSONNumber, at range: Range<Int>)
    mutating func string(_ value: String, at range: Range<Int>)
    mutating func beginArray(at offset: Int)
    mutating func endArray(at end: Int)
    mutating func beginObject(at offset: Int)
    mutating func key(_ value: String, at range: Range<Int>)
    mutating func endObject(at end: Int)
}

/// Parses one JSON text (RFC 8259) of UTF-8 bytes into a sink. No recursion: depth costs heap, and is bounded.
///
/// Refused, with the place: anything outside the grammar, bytes that are not UTF-8, unpaired surrogates, floating-point numbers
/// beyond binary64, nesting beyond `maximumDepth`. A byte order mark at the start is passed over.
public struct JSONParser<Sink: JSONSink> {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0
    private let maximumDepth: Int
    public private(set) var sink: Sink

    public static func parse(_ bytes: UnsafeBufferPointer<UInt8>, into sink: Sink, maximumDepth: Int = 512) throws(JSONError) -> Sink {
        var parser = JSONParser(bytes: bytes, maximumDepth: maximumDepth, sink: sink)
        try parser.run()
        return parser.sink
    }

    private init(bytes: UnsafeBufferPointer<UInt8>, maximumDepth: Int, sink: Sink) {
        self.bytes = bytes
        self.maximumDepth = maximumDepth
        self.sink = sink
    }

    private func failure(_ message: String, at offset: Int? = nil) -> JSONError {
        JSONError(message, at: offset ?? position, in: bytes)
    }

    private var current: UInt8? {
        @inline(__always) get { position < bytes.count ? bytes[position] : nil }
    }

    @inline(__always)
    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    private mutating func run() throws(JSONError) {
        if bytes.count >= 2, (bytes[0] == 0xFE && bytes[1] == 0xFF) || (bytes[0] == 0xFF && bytes[1] == 0xFE) {
            throw failure("the text is UTF-16; save it as UTF-8", at: 0)
        }
        if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF { position = 3 }
        var open: [JSONContainer] = []
        var expectsValue = true
        repeat {
            skipSpace()
            if expectsValue {
                expectsValue = try parseValueStart(&open)
            } else if let container = open.last {
                expectsValue = try parseAfterValue(in: container, &open)
            }
        } while expectsValue || !open.isEmpty
        skipSpace()
        if position < bytes.count { throw failure("unexpected text after the end of the value") }
    }

    /// Consumes a scalar, or opens a container (and closes it if it is empty). True if a value must follow.
    private mutating func parseValueStart(_ open: inout [JSONContainer]) throws(JSONError) -> Bool {
        guard let byte = current else { throw failure("unexpected end of the text; a value was expected") }
        let start = position
        switch byte {
        case UInt8(ascii: "{"):
            guard open.count < maximumDepth else { throw failure("nested more than \(maximumDepth) deep") }
            position += 1
            sink.beginObject(at: start)
            skipSpace()
            if current == UInt8(ascii: "}") {
                position += 1
                sink.endObject(at: position)
                return false
            }
            open.append(.object)
            try parseKey()
            return true
        case UInt8(ascii: "["):
            guard open.count < maximumDepth else { throw failure("nested more than \(maximumDepth) deep") }
            position += 1
            sink.beginArray(at: start)
            skipSpace()
            if current == UInt8(ascii: "]") {
                position += 1
                sink.endArray(at: position)
                return false
            }
            open.append(.array)
            return true
        case UInt8(ascii: "\""):
            let value = try parseString()
            sink.string(value, at: start..<position)
        case UInt8(ascii: "t"):
            try expect("true")
            sink.bool(true, at: start..<position)
        case UInt8(ascii: "f"):
            try expect("false")
            sink.bool(false, at: start..<position)
        case UInt8(ascii: "n"):
            try expect("null")
            sink.null(at: start..<position)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            try parseNumber()
        default:
            throw failure("unexpected \(describe(byte)); a value was expected")
        }
        return false
    }

    /// Consumes what follows a value inside a container. True if a value must follow.
    private mutating func parseAfterValue(in container: JSONContainer, _ open: inout [JSONContainer]) throws(JSONError) -> Bool {
        let close = container == .array ? UInt8(ascii: "]") : UInt8(ascii: "}")
        guard let byte = current else { throw failure("unexpected end of the text; expected ',' or '\(Character(UnicodeScalar(close)))'") }
        if byte == close {
            position += 1
            open.removeLast()
            if container == .array { sink.endArray(at: position) } else { sink.endObject(at: position) }
            return false
        }
        guard byte == UInt8(ascii: ",") else {
            throw failure("unexpected \(describe(byte)); expected ',' or '\(Character(UnicodeScalar(close)))'")
        }
        position += 1
        if container == .object {
            skipSpace()
            try parseKey()
        }
        return true
    }

    private mutating func parseKey() throws(JSONError) {
        guard let byte = current else { throw failure("unexpected end of the text; a key in double quotes was expected") }
        guard byte == UInt8(ascii: "\"") else { throw failure("unexpected \(describe(byte)); a key in double quotes was expected") }
        let start = position
        let name = try parseString()
        sink.key(name, at: start..<position)
        skipSpace()
        guard current == UInt8(ascii: ":") else {
            throw failure(
                current.map { "unexpected \(describe($0)); expected ':' after the key" } ?? "unexpected end of the text; expected ':' after the key")
        }
        position += 1
    }

    private mutating func expect(_ word: StaticString) throws(JSONError) {
        for offset in 0..<word.utf8CodeUnitCount {
            guard position < bytes.count, bytes[position] == word.utf8Start[offset] else {
                throw failure("expected `\(word)`", at: position - offset)
            }
            position += 1
        }
    }

    private mutating func digits() -> Int {
        let start = position
        while let byte = current, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") { position += 1 }
        return position - start
    }

    private mutating func parseNumber() throws(JSONError) {
        let start = position
        if let small = smallInteger() { return sink.integer(small, at: start..<position) }
        var isInteger = true
        var hasExponent = false
        if current == UInt8(ascii: "-") { position += 1 }
        let leadingZero = current == UInt8(ascii: "0")
        let first = position
        guard digits() > 0 else { throw failure("a digit was expected") }
        if leadingZero, position - first > 1 { throw failure("a number must not begin with 0", at: first) }
        if current == UInt8(ascii: ".") {
            isInteger = false
            position += 1
            guard digits() > 0 else { throw failure("a digit was expected after '.'") }
        }
        if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
            isInteger = false
            hasExponent = true
            position += 1
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { position += 1 }
            guard digits() > 0 else { throw failure("a digit was expected in the exponent") }
        }
        let text = String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<position]), as: UTF8.self)
        if isInteger, text != "-0", let value = Int(text) {
            sink.integer(value, at: start..<position)
        } else {
            // Only an exponent or hundreds of digits can leave the range of binary64, where readers silently disagree.
            let number = JSONNumber(unchecked: text)
            if hasExponent || text.utf8.count > 300, !isInteger, !number.double.isFinite {
                throw failure("a number beyond the range of binary64", at: start)
            }
            sink.number(number, at: start..<position)
        }
    }

    /// An integer of at most 18 digits in its canonical form, which nearly all are; nil, with nothing consumed, for any other number.
    @inline(__always)
    private mutating func smallInteger() -> Int? {
        var index = position
        let isNegative = bytes[index] == UInt8(ascii: "-")
        if isNegative { index += 1 }
        let first = index
        var value = 0
        while index < bytes.count, index - first < 18 {
            let digit = bytes[index] &- UInt8(ascii: "0")
            guard digit < 10 else { break }
            value = value &* 10 &+ Int(digit)
            index += 1
        }
        let count = index - first
        guard count > 0, count == 1 || bytes[first] != UInt8(ascii: "0"), !(isNegative && value == 0) else { return nil }
        if index < bytes.count {
            let next = bytes[index]
            if next == UInt8(ascii: ".") || next | 0x20 == UInt8(ascii: "e") || (next >= UInt8(ascii: "0") && next <= UInt8(ascii: "9")) {
                return nil
            }
        }
        position = index
        return isNegative ? -value : value
    }

    private func describe(_ byte: UInt8) -> String {
        switch byte {
        case 0x21...0x7E: "'\(Character(UnicodeScalar(byte)))'"
        case 0x20: "a space"
        case 0x0A: "a line break"
        case 0x09: "a tab"
        case 0x80...: "a character outside ASCII"
        default: "control character U+00\(hex(byte))"
        }
    }

    private func hex(_ byte: UInt8) -> String {
        let text = String(byte, radix: 16, uppercase: true)
        return text.count == 1 ? "0" + text : text
    }
}

extension JSONParser {
    /// Parses the string at `position` (its opening quote).
    fileprivate mutating func parseString() throws(JSONError) -> String {
        let open = position
        let start = position + 1
        let (end, isASCII) = plainRun(from: start)
        position = end
        guard end < bytes.count else { throw failure("the string that opens here has no closing quote", at: open) }
        let byte = bytes[end]
        if byte == UInt8(ascii: "\\") { return try parseEscapedString(open: open, start: start) }
        guard byte == UInt8(ascii: "\"") else { throw failure("control character U+00\(hex(byte)) in a string; write it as an escape") }
        if !isASCII { try checkUTF8(start..<end) }
        position = end + 1
        return String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<end]), as: UTF8.self)
    }

    /// The end of the run of bytes that stand for themselves (no quote, backslash or control character), and whether all are ASCII.
    ///
    /// Eight bytes at a time: in each byte of a word, the high bit tells that it is one of those that end the run.
    @inline(__always)
    private func plainRun(from start: Int) -> (end: Int, isASCII: Bool) {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        var index = start
        var seen: UInt64 = 0
        guard let base = bytes.baseAddress else { return (index, true) }
        while index + 8 <= bytes.count {
            let word = UInt64(littleEndian: UnsafeRawPointer(base + index).loadUnaligned(as: UInt64.self))
            let quote = word ^ (ones &* UInt64(UInt8(ascii: "\"")))
            let backslash = word ^ (ones &* UInt64(UInt8(ascii: "\\")))
            let control = (word &- ones &* 0x20) & ~word
            let ends = (((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash) | control) & highs
            if ends != 0 {
                let length = ends.trailingZeroBitCount / 8
                // Borrows reach higher bytes only, so that the first mark is exact.
                seen |= length == 0 ? 0 : word & (UInt64.max >> UInt64(64 - 8 * length))
                return (index + length, seen & highs == 0)
            }
            seen |= word
            index += 8
        }
        while index < bytes.count {
            let byte = base[index]
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 { break }
            seen |= UInt64(byte)
            index += 1
        }
        return (index, seen & highs == 0)
    }

    private mutating func parseEscapedString(open: Int, start: Int) throws(JSONError) -> String {
        var buffer = Array(UnsafeBufferPointer(rebasing: bytes[start..<position]))
        try checkUTF8(start..<position)
        var runStart = position
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                try checkUTF8(runStart..<position)
                buffer.append(contentsOf: bytes[runStart..<position])
                position += 1
                return String(decoding: buffer, as: UTF8.self)
            }
            if byte == UInt8(ascii: "\\") {
                try checkUTF8(runStart..<position)
                buffer.append(contentsOf: bytes[runStart..<position])
                try parseEscape(into: &buffer)
                runStart = position
                continue
            }
            if byte < 0x20 { throw failure("control character U+00\(hex(byte)) in a string; write it as an escape") }
            position += 1
        }
        throw failure("the string that opens here has no closing quote", at: open)
    }

    private mutating func parseEscape(into buffer: inout [UInt8]) throws(JSONError) {
        let start = position
        position += 1
        guard let byte = current else { throw failure("unexpected end of the text in an escape") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): buffer.append(byte)
        case UInt8(ascii: "b"): buffer.append(0x08)
        case UInt8(ascii: "f"): buffer.append(0x0C)
        case UInt8(ascii: "n"): buffer.append(0x0A)
        case UInt8(ascii: "r"): buffer.append(0x0D)
        case UInt8(ascii: "t"): buffer.append(0x09)
        case UInt8(ascii: "u"):
            var scalar = try parseHex4(start)
            if (0xD800...0xDBFF).contains(scalar) {
                guard current == UInt8(ascii: "\\"), position + 1 < bytes.count, bytes[position + 1] == UInt8(ascii: "u") else {
                    throw failure("a high surrogate without its low surrogate", at: start)
                }
                position += 2
                let low = try parseHex4(start)
                guard (0xDC00...0xDFFF).contains(low) else { throw failure("a high surrogate without its low surrogate", at: start) }
                scalar = 0x10000 + (scalar - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let unicode = UnicodeScalar(scalar) else { throw failure("a low surrogate without its high surrogate", at: start) }
            buffer.append(contentsOf: Array(String(unicode).utf8))
        default:
            throw failure("unknown escape '\\\(describe(byte).filter { $0 != "'" })'; known are \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX", at: start)
        }
    }

    private mutating func parseHex4(_ start: Int) throws(JSONError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = current, let digit = Character(UnicodeScalar(byte)).hexDigitValue, byte < 0x80 else {
                throw failure("\\u needs four hexadecimal digits", at: start)
            }
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

/// Outside the generic parser: a list of its nested type would be looked up by name for every element.
private enum JSONContainer { case array, object }
