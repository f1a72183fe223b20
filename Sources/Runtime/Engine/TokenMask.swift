/// Constrained decoding: which tokens may come next. A value whose copy is a checkpoint; the engine advances its own copy.
public protocol TokenMask: Sendable {
    /// The tokens that may come next; nil allows all. An empty set ends the generation (`FinishReason.noTokenAllowed`).
    func allowedTokens() -> TokenSet?
    /// Whether what was chosen is whole and nothing may follow: the generation ends without asking for more.
    var isComplete: Bool { get }
    /// Called once for each token that was chosen, in order; never for one that `allowedTokens` left out.
    mutating func advance(by token: Int32)
}

extension TokenMask {
    public var isComplete: Bool { false }
}

/// A set of token ids below `capacity`, one bit each.
public struct TokenSet: Sendable, Equatable {
    public let capacity: Int
    /// Bit `id % 64` of word `id / 64`.
    public private(set) var words: [UInt64]

    public init(capacity: Int) {
        self.capacity = capacity
        words = Array(repeating: 0, count: (capacity + 63) / 64)
    }

    public init(capacity: Int, _ ids: some Sequence<Int32>) {
        self.init(capacity: capacity)
        for id in ids { insert(id) }
    }

    /// Ids outside `0 ..< capacity` are passed over.
    public mutating func insert(_ id: Int32) {
        guard id >= 0, Int(id) < capacity else { return }
        words[Int(id) / 64] |= 1 << UInt64(id % 64)
    }

    public mutating func remove(_ id: Int32) {
        guard id >= 0, Int(id) < capacity else { return }
        words[Int(id) / 64] &= ~(1 << UInt64(id % 64))
    }

    public mutating func formUnion(_ other: TokenSet) {
        for index in words.indices where index < other.words.count { words[index] |= other.words[index] }
    }

    public func contains(_ id: Int32) -> Bool {
        guard id >= 0, Int(id) < capacity else { return false }
        return words[Int(id) / 64] & (1 << UInt64(id % 64)) != 0
    }

    public var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

    /// Sets the logits of tokens that are not in the set to minus infinity; a word of the set at a time.
    func maskOut(_ logits: UnsafeMutableBufferPointer<Float>) {
        for (index, word) in words.enumerated() where word != .max {
            let start = index * 64
            guard start < logits.count else { return }
            var left = ~word
            if word == 0 {
                for id in start..<min(start + 64, logits.count) { logits[id] = -.infinity }
                continue
            }
            while left != 0 {
                let id = start + left.trailingZeroBitCount
                if id < logits.count { logits[id] = -.infinity }
                left &= left - 1
            }
        }
        if words.count * 64 < logits.count { for id in (words.count * 64)..<logits.count { logits[id] = -.infinity } }
    }
}
