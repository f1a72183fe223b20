/// Text of a notation with tags, taken from its front.
struct TagBuffer: Sendable {
    enum Name {
        case unfinished
        /// Too long to be a name, or not followed by what has to follow.
        case none
        /// The name, and what follows the tag.
        case found(String, rest: [UInt8])
    }

    var bytes: [UInt8] = []
    /// What was last taken: a tag and the white space before it.
    private var taken: [UInt8] = []
    /// Longer names are none, and more white space is no notation.
    static let longest = 1024

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

    /// The name that stands before `end`, and behind that `tag`, if there is one.
    func name(before end: [UInt8], then tag: [UInt8] = []) -> Name {
        guard let range = MarkerScan.first(of: [end], in: Array(bytes.prefix(Self.longest)))?.range else {
            return bytes.count < Self.longest ? .unfinished : .none
        }
        let name = String(decoding: MarkerScan.trimmed(bytes[..<range.lowerBound]), as: UTF8.self)
        guard !tag.isEmpty else { return .found(name, rest: Array(bytes[range.upperBound...])) }
        let rest = bytes[range.upperBound...].drop(while: MarkerScan.isSpace)
        if rest.starts(with: tag) { return .found(name, rest: Array(rest.dropFirst(tag.count))) }
        return tag.starts(with: rest) && bytes.count < Self.longest ? .unfinished : .none
    }

    /// The word at the front, with nothing but white space between it and one of `tags`, which stays.
    func word(before tags: [[UInt8]]) -> Name {
        let start = bytes.drop(while: MarkerScan.isSpace)
        let isShort = bytes.count < Self.longest
        guard let end = start.prefix(Self.longest).firstIndex(where: { MarkerScan.isSpace($0) || $0 == UInt8(ascii: "<") }) else {
            return isShort ? .unfinished : .none
        }
        let rest = start[end...].drop(while: MarkerScan.isSpace)
        if end == start.startIndex { return .none }
        if tags.contains(where: { rest.starts(with: $0) }) { return .found(String(decoding: start[..<end], as: UTF8.self), rest: Array(rest)) }
        return isShort && tags.contains { $0.starts(with: rest) } ? .unfinished : .none
    }
}
