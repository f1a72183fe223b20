/// Writes JSON texts: compact in the order of the value, indented for people, or canonical (RFC 8785).
struct JSONWriter {
    fileprivate(set) var bytes: [UInt8] = []
    let indented: Bool
    let sorted: Bool

    init(indented: Bool = false, sorted: Bool = false) {
        self.indented = indented
        self.sorted = sorted
    }

    mutating func write(_ value: JSON, depth: Int = 0) {
        switch value {
        case .null: append("null")
        case .bool(let value): append(value ? "true" : "false")
        case .integer(let value): append(String(value))
        case .number(let value): append(sorted && value.double.isFinite ? ECMAScriptNumber.text(of: value.double) : value.text)
        case .string(let value): writeString(value)
        case .array(let elements):
            writeContainer(UInt8(ascii: "["), UInt8(ascii: "]"), count: elements.count, depth: depth) { writer, index in
                writer.write(elements[index], depth: depth + 1)
            }
        case .object(let object):
            let order = sorted ? CanonicalOrder.indices(of: object.members) : nil
            writeContainer(UInt8(ascii: "{"), UInt8(ascii: "}"), count: object.count, depth: depth) { writer, index in
                let place = order?[index] ?? index
                writer.writeString(object.members[place].key)
                writer.bytes.append(UInt8(ascii: ":"))
                if writer.indented { writer.bytes.append(0x20) }
                writer.write(object.members[place].value, depth: depth + 1)
            }
        }
    }

    @inline(__always)
    private mutating func writeContainer(_ open: UInt8, _ close: UInt8, count: Int, depth: Int, element: (inout JSONWriter, Int) -> Void) {
        bytes.append(open)
        for index in 0..<count {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            newLine(depth + 1)
            element(&self, index)
        }
        if count > 0 { newLine(depth) }
        bytes.append(close)
    }

    private mutating func newLine(_ depth: Int) {
        guard indented else { return }
        bytes.append(0x0A)
        bytes.append(contentsOf: repeatElement(0x20, count: 2 * depth))
    }

    private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

    mutating func writeString(_ value: String) {
        bytes.append(UInt8(ascii: "\""))
        var value = value
        value.withUTF8 { text in
            // What stands for itself is copied in runs.
            var start = 0
            while true {
                let end = PlainRun.end(in: text, from: start).end
                bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[start..<end]))
                guard end < text.count else { break }
                appendEscape(text[end])
                start = end + 1
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func appendEscape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): append("\\\"")
        case UInt8(ascii: "\\"): append("\\\\")
        case 0x08: append("\\b")
        case 0x09: append("\\t")
        case 0x0A: append("\\n")
        case 0x0C: append("\\f")
        case 0x0D: append("\\r")
        default: append(byte < 0x10 ? "\\u000\(String(byte, radix: 16))" : "\\u00\(String(byte, radix: 16))")
        }
    }
}

extension JSON {
    /// The compact text, members in their order, as UTF-8.
    public var bytes: [UInt8] {
        var writer = JSONWriter()
        writer.write(self)
        return writer.bytes
    }

    /// Writes `bytes` behind what is there.
    public func write(to text: inout [UInt8]) {
        var writer = JSONWriter()
        swap(&writer.bytes, &text)
        writer.write(self)
        swap(&writer.bytes, &text)
    }

    /// Writes the text of a string, with its quotes, behind what is there.
    public static func write(_ string: String, to text: inout [UInt8]) {
        var writer = JSONWriter()
        swap(&writer.bytes, &text)
        writer.writeString(string)
        swap(&writer.bytes, &text)
    }

    /// The compact text, members in their order.
    public var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Indented by two spaces, for people and for files that people read.
    public var prettyText: String {
        var writer = JSONWriter(indented: true)
        writer.write(self)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// The canonical form of RFC 8785 (JCS): members sorted by UTF-16 code units, numbers as ECMAScript prints them.
    ///
    /// Numbers are binary64 there; an integer beyond ±2^53 keeps its digits here, since a silent change would be worse.
    public var canonicalBytes: [UInt8] {
        var writer = JSONWriter(sorted: true)
        writer.write(self)
        return writer.bytes
    }
}
