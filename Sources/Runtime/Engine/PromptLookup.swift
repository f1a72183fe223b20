/// Where the last tokens of a sequence stood before: what followed them there may follow again, as it does where an answer copies its prompt.
///
/// An index of all runs of three tokens, kept as the sequence grows: four bytes a token, and at most a quarter of a megabyte.
struct PromptLookup {
    /// Shorter runs are found everywhere and foretell little.
    static let shortest = 3
    /// Longer ones foretell no more.
    static let longest = 32
    /// Places that are compared, the latest first.
    static let mostPlaces = 16

    /// The latest end of a run with this hash, and of each end the one before it with the same hash; -1 where there is none.
    private var latest: [Int32]
    private var earlier: [Int32] = []

    init(capacity: Int) {
        var size = 1 << 10
        while size < min(capacity, 1 << 16) { size *= 2 }
        latest = Array(repeating: -1, count: size)
    }

    /// Takes in what `tokens`, which grows only, has gained since.
    mutating func follow(_ tokens: [Int32]) {
        for end in earlier.count..<max(tokens.count, earlier.count) {
            guard end >= Self.shortest - 1 else {
                earlier.append(-1)
                continue
            }
            let hash = hash(tokens, end)
            earlier.append(latest[hash])
            latest[hash] = Int32(end)
        }
    }

    private func hash(_ tokens: [Int32], _ end: Int) -> Int {
        var mixed: UInt64 = 0
        for token in tokens[(end - Self.shortest + 1)...end] { mixed = (mixed ^ UInt64(UInt32(bitPattern: token))) &* 0x9E37_79B9_7F4A_7C15 }
        return Int(truncatingIfNeeded: mixed >> 40) & (latest.count - 1)
    }

    /// At most `limit` tokens, and no more than as many as agree before them: what followed the longest run that `tokens`, all of which have been
    /// followed, ends with; the latest of equals.
    func proposal(after tokens: [Int32], limit: Int) -> [Int32] {
        guard limit > 0, let last = tokens.indices.last, last >= Self.shortest, earlier.count == tokens.count else { return [] }
        var best: (end: Int, length: Int)?
        var end = Int(earlier[last])
        var places = 0
        while end >= 0, places < Self.mostPlaces {
            let most = min(end + 1, Self.longest)
            var length = 0
            while length < most, tokens[end - length] == tokens[last - length] { length += 1 }
            if length >= Self.shortest, length > best?.length ?? 0 { best = (end, length) }
            if length == Self.longest { break }
            end = Int(earlier[end])
            places += 1
        }
        guard let best else { return [] }
        var result: [Int32] = []
        // Where the two runs overlap, what follows is what is proposed.
        let period = last - best.end
        for index in 0..<min(limit, best.length) { result.append(index < period ? tokens[best.end + 1 + index] : result[index - period]) }
        return result
    }
}
