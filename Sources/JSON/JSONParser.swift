/// Parses one JSON text (RFC 8259) of UTF-8 bytes into a sink. No recursion: depth costs heap, and is bounded.
///
/// Refused, with the place: anything outside the grammar, bytes that are not UTF-8, unpaired surrogates, floating-point numbers
/// beyond binary64, nesting beyond `maximumDepth`. A byte order mark at the start is passed over.
struct JSONParser<Sink: JSONSink> {
    let bytes: UnsafeBufferPointer<UInt8>
    var position = 0
    private let maximumDepth: Int
    var sink: Sink

    static func parse(_ bytes: UnsafeBufferPointer<UInt8>, into sink: Sink, maximumDepth: Int = 512) throws(JSONError) -> Sink {
        var parser = JSONParser(bytes: bytes, maximumDepth: maximumDepth, sink: sink)
        try parser.run()
        return parser.sink
    }

    private init(bytes: UnsafeBufferPointer<UInt8>, maximumDepth: Int, sink: Sink) {
        self.bytes = bytes
        self.maximumDepth = maximumDepth
        self.sink = sink
    }

    func failure(_ message: String, at offset: Int? = nil) -> JSONError {
        JSONError(message, at: offset ?? position, in: bytes)
    }

    var current: UInt8? {
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
                switch sink.recall(at: position) {
                case nil: expectsValue = try parseValueStart(&open)
                case .value(let end)?:
                    position = end
                    expectsValue = false
                case .beginning(let end)?:
                    open.append(.array)
                    position = end
                    expectsValue = false
                }
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
            sink.string(try parseString())
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
        sink.key(try parseString())
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

    func describe(_ byte: UInt8) -> String {
        switch byte {
        case 0x21...0x7E: "'\(Character(UnicodeScalar(byte)))'"
        case 0x20: "a space"
        case 0x0A: "a line break"
        case 0x09: "a tab"
        case 0x80...: "a character outside ASCII"
        default: "control character U+00\(hex(byte))"
        }
    }

    func hex(_ byte: UInt8) -> String {
        let text = String(byte, radix: 16, uppercase: true)
        return text.count == 1 ? "0" + text : text
    }
}

/// Outside the generic parser: a list of its nested type would be looked up by name for every element.
private enum JSONContainer { case array, object }
