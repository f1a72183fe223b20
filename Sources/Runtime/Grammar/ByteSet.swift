/// A set of bytes.
struct ByteSet: Sendable, Hashable {
    private var low: UInt64 = 0
    private var lowMiddle: UInt64 = 0
    private var highMiddle: UInt64 = 0
    private var high: UInt64 = 0

    init() {}

    init(_ ranges: ClosedRange<UInt8>...) {
        for range in ranges { for byte in range { insert(byte) } }
    }

    init(_ bytes: some Sequence<UInt8>) { for byte in bytes { insert(byte) } }

    func contains(_ byte: UInt8) -> Bool {
        let word = byte < 128 ? (byte < 64 ? low : lowMiddle) : (byte < 192 ? highMiddle : high)
        return word & (1 << UInt64(byte & 63)) != 0
    }

    mutating func insert(_ byte: UInt8) { change(byte) { $0 |= $1 } }
    mutating func remove(_ byte: UInt8) { change(byte) { $0 &= ~$1 } }

    private mutating func change(_ byte: UInt8, _ work: (inout UInt64, UInt64) -> Void) {
        let bit: UInt64 = 1 << UInt64(byte & 63)
        switch byte >> 6 {
        case 0: work(&low, bit)
        case 1: work(&lowMiddle, bit)
        case 2: work(&highMiddle, bit)
        default: work(&high, bit)
        }
    }

    func without(_ bytes: some Sequence<UInt8>) -> ByteSet {
        var result = self
        for byte in bytes { result.remove(byte) }
        return result
    }

    var isEmpty: Bool { low | lowMiddle | highMiddle | high == 0 }

    /// A member for texts that nobody reads again: a letter, a digit, or whatever there is.
    var plainest: UInt8? {
        for byte in [UInt8(ascii: "a"), UInt8(ascii: "0")] where contains(byte) { return byte }
        return (0...UInt8.max).first(where: contains)
    }
}
