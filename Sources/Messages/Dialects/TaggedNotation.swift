/// A notation with tags around each argument of a call, whose texts are written as they are.
struct TaggedNotation: Sendable {
    /// What stands around the calls of one block.
    var block: (begin: [UInt8], end: [UInt8])
    /// What stands around one call; nil where the block is one call, which begins with the name. The name ends with `>`.
    var function: (begin: [UInt8], end: [UInt8])?
    /// What begins an argument, and what ends its name.
    var parameter: (begin: [UInt8], nameEnd: [UInt8])
    /// What stands around the value; its beginning is empty where the end of the name is it.
    var value: (begin: [UInt8], end: [UInt8])
    /// Whether a line break on either side of a value is notation.
    var breaksLines = false

    /// A line break before the closing tag may be notation too.
    var valueClosers: [[UInt8]] { (breaksLines ? [[0x0A] + value.end] : []) + [value.end] }

    /// Names may stand in quotes.
    static func unquoted(_ name: String) -> String {
        let bytes = name.utf8
        guard let quote = bytes.first, "\"'".utf8.contains(quote), bytes.count > 1, bytes.last == quote else { return name }
        return String(decoding: bytes.dropFirst().dropLast(), as: UTF8.self)
    }
}
