/// The order of keys in RFC 8785: that of their UTF-16 code units, found from their UTF-8.
///
/// It is that of the bytes, but that U+E000...U+FFFF, which begin with 0xEE or 0xEF, come after all pairs of surrogates, 0xF0 and beyond.
enum CanonicalOrder {
    /// The places of the members in order.
    static func indices(of members: [JSONObject.Member]) -> [Int] {
        // Plain numbers are sorted, not members; the first bytes of a key nearly always decide.
        var entries = members.indices.map { (start: start(of: members[$0].key), place: $0) }
        entries.sort { left, right in
            left.start == right.start ? precedes(members[left.place].key, members[right.place].key) : left.start < right.start
        }
        return entries.map(\.place)
    }

    /// The first eight bytes as a number; zeros behind a shorter key.
    private static func start(of key: String) -> UInt64 {
        var result: UInt64 = 0
        var shift: UInt64 = 64
        for byte in key.utf8.prefix(8) {
            shift -= 8
            result |= UInt64(rank(byte)) << shift
        }
        return result
    }

    /// No byte of UTF-8 is above 0xF4.
    private static func rank(_ byte: UInt8) -> UInt8 { byte == 0xEE || byte == 0xEF ? byte + 0x10 : byte }

    static func precedes(_ left: String, _ right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8) { rank($0) < rank($1) }
    }
}
