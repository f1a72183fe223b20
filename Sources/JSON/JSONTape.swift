/// A JSON text as it was read and checked: where its values are, in the order of the text, in one flat list of words.
///
/// What a value says stays in the text until somebody asks (`root`). So a large text costs about its own size and no allocation for a
/// value, and what is only checked is never decoded. A tape belongs to the bytes that it was made from.
public struct JSONTape: Sendable {
    /// What a text may ask of the machine, beyond its depth.
    public struct Limits: Sendable {
        public var values: Int
        public var keyBytes: Int
        public var stringBytes: Int

        public init(values: Int, keyBytes: Int, stringBytes: Int) {
            self.values = values
            self.keyBytes = keyBytes
            self.stringBytes = stringBytes
        }
    }

    /// The first limit that a text passes, and the value or key that does so.
    public enum Excess: Error, Sendable, Equatable {
        case values(Range<Int>)
        case keyBytes(Range<Int>)
        case stringBytes(Range<Int>)
    }

    let words: [Word]
    /// Whether a key is written with an escape, or not in ASCII: such keys can be equal though their bytes are not.
    let hasUnusualKeys: Bool

    /// - Returns: a fault of the syntax goes before an excess, wherever they stand.
    /// - Precondition: at most 2 GiB.
    public static func parse(
        _ bytes: UnsafeBufferPointer<UInt8>, maximumDepth: Int, limits: Limits
    ) throws(JSONError) -> Result<JSONTape, Excess> {
        let builder = try JSONParser.parse(bytes, into: JSONTapeBuilder(bytes, limits), maximumDepth: maximumDepth)
        return if let excess = builder.excess { .failure(excess) } else { .success(builder.tape) }
    }
}

extension JSONTape {
    /// Where a key or value stands, and the least that must be known to walk the list.
    ///
    /// The first byte in the text tells the rest. A list or mapping has a second word, an `Extent`; a mapping's members are key, value, …
    struct Word: Sendable {
        /// A list or mapping; a string with escapes, or a number that is no 64-bit integer.
        enum Mark: UInt64 { case plain, special, array, object }

        private let bits: UInt64

        @inline(__always)
        init(_ mark: Mark, _ range: Range<Int>) {
            bits = mark.rawValue << 62 | UInt64(truncatingIfNeeded: range.lowerBound) << 31 | UInt64(truncatingIfNeeded: range.count)
        }

        init(_ extent: Extent) { bits = UInt64(extent.next) << 32 | UInt64(extent.count) }

        var isContainer: Bool { bits >> 63 == 1 }
        var mark: Mark { Mark(rawValue: bits >> 62) ?? .plain }
        var start: Int { Int(bits >> 31 & 0x7FFF_FFFF) }
        var range: Range<Int> { start..<start + Int(bits & 0x7FFF_FFFF) }
        var extent: Extent { Extent(next: Int(bits >> 32), count: Int(bits & 0xFFFF_FFFF)) }
    }

    struct Extent {
        /// The index of the word behind the last one of the container.
        let next: Int
        /// Elements or members.
        let count: Int
    }
}
