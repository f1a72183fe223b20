/// How many characters stand before a byte of a text: counted once for each block of it, so that a place in a long line does not take the
/// line's length to find.
struct CharacterCounts: Sendable {
    struct Count: Sendable, Equatable {
        /// Unicode scalars.
        var scalars: Int
        /// UTF-16 code units.
        var units: Int
    }

    private static let block = 1024
    /// Before each block; empty where all bytes are ASCII, each a character of its own.
    private let blocks: [Count]

    init(_ bytes: [UInt8]) {
        guard bytes.withUnsafeBufferPointer({ Self.hasOthers($0) }) else {
            blocks = []
            return
        }
        var blocks = [Count(scalars: 0, units: 0)]
        for start in stride(from: 0, to: bytes.count, by: Self.block) {
            let end = min(start + Self.block, bytes.count)
            blocks.append(Self.count(bytes, start..<end, from: blocks[blocks.count - 1]))
        }
        self.blocks = blocks
    }

    /// - Parameter offset: a byte of the text, or its end.
    func before(_ offset: Int, in bytes: [UInt8]) -> Count {
        if blocks.isEmpty { return Count(scalars: offset, units: offset) }
        let block = offset / Self.block
        return Self.count(bytes, block * Self.block..<offset, from: blocks[block])
    }

    private static func count(_ bytes: [UInt8], _ range: Range<Int>, from start: Count) -> Count {
        var count = start
        for byte in bytes[range] where byte & 0xC0 != 0x80 {
            count.scalars += 1
            count.units += byte >= 0xF0 ? 2 : 1
        }
        return count
    }

    /// Whether a byte is not ASCII; eight at a time.
    private static func hasOthers(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        let raw = UnsafeRawBufferPointer(bytes)
        let whole = raw.count & ~7
        for offset in stride(from: 0, to: whole, by: 8) where raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self) & 0x8080_8080_8080_8080 != 0
        {
            return true
        }
        return raw[whole...].contains { $0 >= 0x80 }
    }
}
