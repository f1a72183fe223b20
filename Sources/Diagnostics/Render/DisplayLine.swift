/// One line of a source as a terminal shows it: tabs expanded, control characters made visible, secrets masked, and a map from
/// bytes to columns.
struct DisplayLine {
    private(set) var text = ""
    /// The column of each byte of the line, and of its end.
    private var columns: [Int] = []
    private let start: Int

    /// - Parameter focus: of a line that is far longer than any window, only what stands around this byte is taken.
    init(_ source: SourceText, line: Int, near focus: Int? = nil) {
        let range = Self.part(of: source.lineRange(line), near: focus, source.bytes)
        start = range.lowerBound
        var masks = source.masks.inside(range)
        columns.reserveCapacity(range.count + 1)
        var column = 0
        var index = range.lowerBound
        var decoder = UTF8()
        var bytes = source.bytes[range].makeIterator()
        while true {
            let scalar: Unicode.Scalar
            let length: Int
            switch decoder.decode(&bytes) {
            case .emptyInput:
                while columns.count <= range.count { columns.append(column) }
                return
            case .error:
                scalar = "\u{FFFD}"
                length = 1
            case .scalarValue(let value):
                scalar = value
                length = UTF8.width(value)
            }
            for _ in 0..<length where columns.count < range.count { columns.append(column) }
            while let first = masks.first, first.upperBound <= index { masks.removeFirst() }
            column += append(scalar, isMasked: masks.first?.contains(index) ?? false, column: column)
            index += length
        }
    }

    private static func part(of line: Range<Int>, near focus: Int?, _ bytes: [UInt8]) -> Range<Int> {
        let most = 8192
        guard let focus, line.count > most else { return line }
        var low = min(max(line.lowerBound, focus - most / 2), line.upperBound - most)
        var high = low + most
        // Not in the middle of a character.
        while low > line.lowerBound, bytes[low] & 0xC0 == 0x80 { low -= 1 }
        while high < line.upperBound, bytes[high] & 0xC0 == 0x80 { high += 1 }
        return low..<high
    }

    private mutating func append(_ scalar: Unicode.Scalar, isMasked: Bool, column: Int) -> Int {
        if isMasked {
            text.append("*")
            return 1
        }
        switch scalar.value {
        case 0x09:
            let width = DisplayWidth.tabStop - column % DisplayWidth.tabStop
            text.append(String(repeating: " ", count: width))
            return width
        case 0..<0x20:
            // The "control pictures" block shows C0 characters one to one.
            text.unicodeScalars.append(Unicode.Scalar(0x2400 + scalar.value) ?? "\u{FFFD}")
            return 1
        case 0x7F...0x9F, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069:
            // These would move the cursor or turn the direction of the text.
            text.append("\u{FFFD}")
            return 1
        default:
            text.unicodeScalars.append(scalar)
            return DisplayWidth.of(scalar)
        }
    }

    var width: Int { columns.last ?? 0 }

    /// The column of a byte of the file; the line's end where it is beyond.
    func column(of offset: Int) -> Int {
        let index = offset - start
        return index < 0 ? 0 : index < columns.count ? columns[index] : width
    }

    /// The part of the text from `column` on that is at most `limit` columns wide.
    func window(from column: Int, width limit: Int) -> String {
        var result = ""
        var position = 0
        for scalar in text.unicodeScalars {
            let width = DisplayWidth.of(scalar)
            if position >= column {
                if position + width > column + limit { break }
                result.unicodeScalars.append(scalar)
            } else if position + width > column {
                // The half of a wide character that the window begins with.
                result.append(" ")
            }
            position += width
        }
        return result
    }
}
