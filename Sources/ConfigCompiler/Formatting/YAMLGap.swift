/// What stands between two tokens of a YAML text: line breaks, blank lines and comments.
struct YAMLGap {
    struct Comment {
        /// From its `#` to the end of the line, white space at the end left out.
        var range: Range<Int>
        /// White space before it on its line, where it is alone there.
        var column: Int
        /// Alone on its line.
        var isAlone: Bool
        var isAfterBlankLine: Bool
        /// White space before it.
        var distance: Int
    }

    private(set) var comments: [Comment] = []
    /// Whether the token after it begins a line.
    private(set) var endsLine: Bool
    /// Whether a blank line stands before the token after it.
    private(set) var endsInBlankLine: Bool

    /// - Parameters:
    ///   - startsLine: whether the gap begins where a line does.
    ///   - isAfterBlankLine: whether that line comes after a blank one.
    /// - Returns: nil where there is more in it than it can have.
    init?(_ bytes: [UInt8], _ range: Range<Int>, startsLine: Bool, isAfterBlankLine: Bool = false) {
        endsLine = startsLine
        endsInBlankLine = isAfterBlankLine
        var lineStart = range.lowerBound
        var isEmptyLine = startsLine
        var space = range.lowerBound
        var index = range.lowerBound
        while index < range.upperBound {
            switch bytes[index] {
            case 0x20, 0x09: index += 1
            case 0x0A, 0x0D:
                index += bytes[index] == 0x0D && index + 1 < range.upperBound && bytes[index + 1] == 0x0A ? 2 : 1
                if isEmptyLine { endsInBlankLine = true }
                (lineStart, space) = (index, index)
                (isEmptyLine, endsLine) = (true, true)
            case UInt8(ascii: "#"):
                let start = index
                while index < range.upperBound, !Self.isBreak(bytes[index]) { index += 1 }
                var end = index
                while end > start, bytes[end - 1] == 0x20 || bytes[end - 1] == 0x09 { end -= 1 }
                comments.append(
                    Comment(
                        range: start..<end, column: start - lineStart, isAlone: isEmptyLine, isAfterBlankLine: endsInBlankLine,
                        distance: start - space))
                (isEmptyLine, endsLine, endsInBlankLine) = (false, false, false)
            default: return nil
            }
        }
    }

    private static func isBreak(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }
}
