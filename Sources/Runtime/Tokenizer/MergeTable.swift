/// Which two adjoining tokens become which one, and how early: a flat hash table, read once for each pair that BPE looks at.
struct MergeTable: Sendable {
    /// What a pair becomes.
    struct Merge: Sendable {
        /// Lower ranks merge first.
        var rank: Int32
        var token: Int32
    }

    private var keys: [UInt64]
    private var merges: [Merge]
    private let shift: UInt64
    private static let vacant = UInt64.max

    init(capacity: Int) {
        var bits: UInt64 = 4
        while 1 << bits < 2 * capacity { bits += 1 }
        shift = 64 - bits
        keys = Array(repeating: Self.vacant, count: 1 << bits)
        merges = Array(repeating: Merge(rank: 0, token: 0), count: 1 << bits)
    }

    @inline(__always)
    private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    // Fibonacci hashing (Knuth, TAOCP 3, section 6.4) with linear probing.
    @inline(__always)
    private func home(_ key: UInt64) -> Int { Int((key &* 0x9E37_79B9_7F4A_7C15) >> shift) }

    /// A later merge of the same pair takes the earlier one's place.
    mutating func insert(_ left: Int32, _ right: Int32, _ merge: Merge) {
        let key = Self.key(left, right)
        var slot = home(key)
        while keys[slot] != Self.vacant, keys[slot] != key { slot = (slot + 1) & (keys.count - 1) }
        keys[slot] = key
        merges[slot] = merge
    }

    @inline(__always)
    func merge(_ left: Int32, _ right: Int32) -> Merge? {
        let key = Self.key(left, right)
        var slot = home(key)
        while true {
            let found = keys[slot]
            if found == key { return merges[slot] }
            if found == Self.vacant { return nil }
            slot = (slot + 1) & (keys.count - 1)
        }
    }
}
