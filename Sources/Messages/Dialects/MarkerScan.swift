/// Looks for markers in text that comes in pieces.
enum MarkerScan {
    /// The first marker in `bytes`, of several at one place the longest.
    static func first(of markers: [[UInt8]], in bytes: [UInt8], from start: Int = 0) -> (range: Range<Int>, marker: Int)? {
        var index = start
        while index < bytes.count {
            var found: (Range<Int>, Int)?
            for (number, marker) in markers.enumerated() where bytes[index...].starts(with: marker) {
                if found.map({ $0.0.count < marker.count }) ?? true { found = (index..<(index + marker.count), number) }
            }
            if let found { return found }
            index += 1
        }
        return nil
    }

    /// How many bytes at the end of `bytes` may be the beginning of a marker.
    static func heldLength(_ markers: [[UInt8]], _ bytes: [UInt8]) -> Int {
        let longest = (markers.map(\.count).max() ?? 1) - 1
        for length in stride(from: min(longest, bytes.count), to: 0, by: -1) {
            let tail = bytes.suffix(length)
            if markers.contains(where: { $0.count > length && $0.starts(with: tail) }) { return length }
        }
        return 0
    }

    enum Beginning {
        /// Nothing but white space so far.
        case unfinished
        /// More white space than a notation has.
        case none
        case at(Int)
    }

    /// The first byte that is no white space.
    static func beginning(of bytes: [UInt8], from start: Int = 0) -> Beginning {
        let end = min(bytes.count, start + longestSpace)
        if let index = bytes[start..<end].firstIndex(where: { !isSpace($0) }) { return .at(index) }
        return bytes.count < start + longestSpace ? .unfinished : .none
    }

    private static let longestSpace = 1024

    /// Without the white space at both ends.
    static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let rest = bytes.drop(while: isSpace)
        return rest[..<(rest.lastIndex { !isSpace($0) }.map { $0 + 1 } ?? rest.startIndex)]
    }

    static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}
