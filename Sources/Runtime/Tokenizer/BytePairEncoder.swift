/// Byte-pair encoding of one word: from the tokens of its bytes, the pair of lowest rank is merged, the leftmost of equals first,
/// until no pair is left that has a merge (Sennrich et al. 2016).
struct BytePairEncoder: Sendable {
    /// The token of each single byte.
    let byteTokens: [Int32]
    let merges: MergeTable
    /// Words that are tokens are not merged (`ignore_merges`): the vocabulary by bytes; nil where that is off.
    let wholeWords: [[UInt8]: Int32]?

    /// Below this many symbols a scan for the best pair is faster than a heap.
    private static let scanLimit = 48

    func encode(_ word: UnsafeBufferPointer<UInt8>, into ids: inout [Int32]) {
        if let wholeWords, let id = wholeWords[Array(word)] {
            ids.append(id)
        } else if word.count == 1 {
            ids.append(byteTokens[Int(word[0])])
        } else if word.count <= Self.scanLimit {
            scan(word, into: &ids)
        } else {
            queue(word, into: &ids)
        }
    }

    private func scan(_ word: UnsafeBufferPointer<UInt8>, into ids: inout [Int32]) {
        var symbols = word.map { byteTokens[Int($0)] }
        // The rank of the pair that begins at each symbol, kept so that a merge looks up two pairs alone.
        var pairs: [MergeTable.Merge?] = []
        pairs.reserveCapacity(symbols.count)
        for index in 1..<symbols.count { pairs.append(merges.merge(symbols[index - 1], symbols[index])) }
        while true {
            var best = -1
            var bestRank = Int32.max
            for index in pairs.indices {
                if let pair = pairs[index], pair.rank < bestRank {
                    best = index
                    bestRank = pair.rank
                }
            }
            guard best >= 0, let merge = pairs[best] else { break }
            symbols[best] = merge.token
            symbols.remove(at: best + 1)
            pairs.remove(at: best)
            if best > 0 { pairs[best - 1] = merges.merge(symbols[best - 1], symbols[best]) }
            if best < pairs.count { pairs[best] = merges.merge(symbols[best], symbols[best + 1]) }
        }
        ids.append(contentsOf: symbols)
    }

    /// O(n log n): symbols as a doubly linked list, candidate pairs in a heap; a candidate whose symbols have changed is passed over.
    private func queue(_ word: UnsafeBufferPointer<UInt8>, into ids: inout [Int32]) {
        let count = word.count
        var symbols = word.map { byteTokens[Int($0)] }
        var next = (0..<count).map { Int32($0 + 1) }
        var previous = (0..<count).map { Int32($0 - 1) }
        var candidates = CandidateHeap()
        func propose(_ left: Int32, _ right: Int32, _ candidates: inout CandidateHeap) {
            guard let merge = merges.merge(symbols[Int(left)], symbols[Int(right)]) else { return }
            candidates.push(
                .init(rank: merge.rank, position: left, left: symbols[Int(left)], right: symbols[Int(right)], token: merge.token))
        }
        for index in 1..<count { propose(Int32(index - 1), Int32(index), &candidates) }
        while let candidate = candidates.pop() {
            let left = candidate.position
            let right = next[Int(left)]
            guard symbols[Int(left)] == candidate.left, right < count, symbols[Int(right)] == candidate.right else { continue }
            symbols[Int(left)] = candidate.token
            symbols[Int(right)] = -1
            let after = next[Int(right)]
            next[Int(left)] = after
            if after < count {
                previous[Int(after)] = left
                propose(left, after, &candidates)
            }
            if previous[Int(left)] >= 0 { propose(previous[Int(left)], left, &candidates) }
        }
        for symbol in symbols where symbol >= 0 { ids.append(symbol) }
    }
}

/// A binary min-heap of pairs that may be merged, ordered by rank, then position.
private struct CandidateHeap {
    struct Candidate {
        var rank: Int32
        var position: Int32
        var left: Int32
        var right: Int32
        var token: Int32

        @inline(__always)
        static func precedes(_ one: Candidate, _ other: Candidate) -> Bool {
            one.rank != other.rank ? one.rank < other.rank : one.position < other.position
        }
    }

    private var elements: [Candidate] = []

    mutating func push(_ candidate: Candidate) {
        elements.append(candidate)
        var child = elements.count - 1
        while child > 0, Candidate.precedes(elements[child], elements[(child - 1) / 2]) {
            elements.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func pop() -> Candidate? {
        guard let top = elements.first, let last = elements.popLast() else { return nil }
        guard !elements.isEmpty else { return top }
        elements[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < elements.count {
                if Candidate.precedes(elements[child], elements[least]) { least = child }
            }
            if least == parent { return top }
            elements.swapAt(parent, least)
            parent = least
        }
    }
}
