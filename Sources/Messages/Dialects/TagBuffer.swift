/// Text of a notation with tags, taken from its front.
struct TagBuffer: Sendable {
    enum Name {
        case unfinished
        case tooLong
        /// What stands before the next `>`, and what follows that.
        case found(String, rest: [UInt8])
    }

    var bytes: [UInt8] = []
    /// What was last taken: a tag and the white space before it.
    private var taken: [UInt8] = []
    /// Longer names are none, and more white space is no notation.
    private static let longest = 1024

    /// The bytes, with the tag that was last taken in front of them.
    var restored: [UInt8] { taken + bytes }

    /// Takes `tag` from the front, white space before it included; nil where it cannot be told yet.
    mutating func take(_ tag: [UInt8]) -> Bool? {
        let rest = bytes.drop(while: MarkerScan.isSpace)
        guard rest.startIndex <= Self.longest else { return false }
        guard rest.starts(with: tag) else { return tag.starts(with: rest) ? Bool?.none : false }
        taken = Array(bytes[..<(rest.startIndex + tag.count)])
        bytes = Array(rest.dropFirst(tag.count))
        return true
    }

    var name: Name {
        guard let end = bytes.prefix(Self.longest).firstIndex(of: UInt8(ascii: ">")) else {
            return bytes.count < Self.longest ? .unfinished : .tooLong
        }
        return .found(String(decoding: MarkerScan.trimmed(bytes[..<end]), as: UTF8.self), rest: Array(bytes[(end + 1)...]))
    }
}
