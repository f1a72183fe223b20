import JSON

/// One line of a source as a terminal shows it: tabs expanded, control characters made visible, secrets masked, and a map from
/// bytes to columns.
struct DisplayLine {
    let text: String
    /// The column of each byte of the line, and of its end.
    private let columns: [Int]
    private let start: Int

    /// - Parameters:
    ///   - focus: of a line that is far longer than any window, only what stands around this byte is taken.
    ///   - most: the bytes of a line that is not too long.
    init(_ source: SourceText, line: Int, near focus: Int? = nil, within most: Int = 1024) {
        let range = Self.part(of: source.lineRange(line), near: focus, most, source.bytes)
        var masks = source.masks.inside(range)
        var writer = Writer(capacity: range.count)
        source.bytes.withUnsafeBufferPointer { bytes in
            var index = range.lowerBound
            while index < range.upperBound {
                while let first = masks.first, first.upperBound <= index { masks.removeFirst() }
                let isMasked = masks.first?.contains(index) ?? false
                if bytes[index] >= 0x20, bytes[index] < 0x7F {
                    writer.append(isMasked ? UInt8(ascii: "*") : bytes[index])
                    index += 1
                    continue
                }
                let (scalar, length) = Self.scalar(at: index, in: bytes, limit: range.upperBound)
                writer.append(scalar, length: length, isMasked: isMasked)
                index += length
            }
        }
        writer.columns.append(writer.column)
        start = range.lowerBound
        text = String(decoding: writer.text, as: UTF8.self)
        columns = writer.columns
    }

    private static func part(of line: Range<Int>, near focus: Int?, _ most: Int, _ bytes: [UInt8]) -> Range<Int> {
        guard let focus, line.count > most else { return line }
        var low = min(max(line.lowerBound, focus - most / 2), line.upperBound - most)
        var high = low + most
        // Not in the middle of a character.
        for _ in 0..<3 where low > line.lowerBound && bytes[low] & 0xC0 == 0x80 { low -= 1 }
        for _ in 0..<3 where high < line.upperBound && bytes[high] & 0xC0 == 0x80 { high += 1 }
        return low..<high
    }

    /// What is not UTF-8 is shown byte by byte.
    private static func scalar(at index: Int, in bytes: UnsafeBufferPointer<UInt8>, limit: Int) -> (scalar: Unicode.Scalar, length: Int) {
        if bytes[index] < 0x80 { return (Unicode.Scalar(bytes[index]), 1) }
        let length = UTF8Validation.sequenceLength(at: index, in: bytes, limit: limit)
        var value = UInt32(bytes[index]) & (0x7F >> UInt32(length))
        for offset in 1..<max(1, length) { value = value << 6 | UInt32(bytes[index + offset] & 0x3F) }
        return length == 0 ? ("\u{FFFD}", 1) : (Unicode.Scalar(value) ?? "\u{FFFD}", length)
    }

    /// The text so far, and the column at each byte of the source.
    private struct Writer {
        var text: [UInt8] = []
        var columns: [Int] = []
        var column = 0

        init(capacity: Int) {
            text.reserveCapacity(capacity)
            columns.reserveCapacity(capacity + 1)
        }

        mutating func append(_ byte: UInt8) {
            text.append(byte)
            columns.append(column)
            column += 1
        }

        mutating func append(_ scalar: Unicode.Scalar, length: Int, isMasked: Bool) {
            for _ in 0..<length { columns.append(column) }
            column += isMasked ? show("*", 1) : shown(scalar)
        }

        private mutating func shown(_ scalar: Unicode.Scalar) -> Int {
            switch scalar.value {
            case 0x09:
                let width = DisplayWidth.tabStop - column % DisplayWidth.tabStop
                text += [UInt8](repeating: 0x20, count: width)
                return width
            case 0..<0x20:
                // The "control pictures" block shows C0 characters one to one.
                return show(Unicode.Scalar(0x2400 + scalar.value) ?? "\u{FFFD}", 1)
            case 0x7F...0x9F, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069:
                // These would move the cursor or turn the direction of the text.
                return show("\u{FFFD}", 1)
            default: return show(scalar, DisplayWidth.of(scalar))
            }
        }

        private mutating func show(_ scalar: Unicode.Scalar, _ width: Int) -> Int {
            text += scalar.utf8
            return width
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
