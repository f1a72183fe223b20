/// The encodings of words met lately: direct-mapped, so that its size is bounded and a new word simply takes an old one's place.
struct WordCache: Sendable {
    private struct Entry {
        var hash: UInt64
        var word: [UInt8]
        var ids: [Int32]
    }
    private var entries: [Entry?]
    private static let longestWord = 64

    /// - Parameter bits: the logarithm of the number of words.
    init(bits: Int = 14) { entries = Array(repeating: nil, count: 1 << bits) }

    /// Appends the tokens of `word`, from the cache or else from `encode`, whose result is then kept.
    mutating func encode(_ word: UnsafeBufferPointer<UInt8>, into ids: inout [Int32], by encode: (inout [Int32]) -> Void) {
        guard word.count > 1, word.count <= Self.longestWord else { return encode(&ids) }
        let hash = Self.hash(word)
        let slot = Int(truncatingIfNeeded: hash >> 32) & (entries.count - 1)
        if let entry = entries[slot], entry.hash == hash, entry.word.elementsEqual(word) {
            ids.append(contentsOf: entry.ids)
            return
        }
        let start = ids.count
        encode(&ids)
        entries[slot] = Entry(hash: hash, word: Array(word), ids: Array(ids[start...]))
    }

    // FNV-1a (Fowler, Noll, Vo); collisions cost time alone, since the word is compared.
    private static func hash(_ word: UnsafeBufferPointer<UInt8>) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in word { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return hash
    }
}
