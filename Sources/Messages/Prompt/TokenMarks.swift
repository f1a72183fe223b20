/// How many tokens the beginnings of a prompt have, by what servers counted for whole prompts.
///
/// Each request of a conversation is the beginning of the next, so that each count is a mark within all later prompts. Between two
/// marks tokens are shared out by bytes; the count says between which two it lies.
public struct TokenMarks: Sendable, Equatable {
    public struct Count: Sendable, Equatable {
        public var tokens: Int
        /// The counted marks around it; equal where the place itself was counted.
        public var least: Int
        public var most: Int
    }
    private struct Mark: Sendable, Equatable {
        var bytes: Int
        var tokens: Int
    }
    /// Ascending in both.
    private var marks: [Mark] = []
    private static let limit = 256

    public init() {}

    /// A server counted the prompt that ends at `bytes`.
    public mutating func add(tokens: Int, at bytes: Int) {
        guard tokens > 0, bytes > 0 else { return }
        marks.removeAll { $0.bytes >= bytes || $0.tokens > tokens }
        marks.append(Mark(bytes: bytes, tokens: tokens))
        // Every other of the inner ones goes: the brackets become wider, and stay true.
        if marks.count > Self.limit { marks = marks.enumerated().filter { $0.offset % 2 == 1 || $0.offset == marks.count - 1 }.map(\.element) }
    }

    /// Those of a prompt that has the first `bytes` bytes in common with this one.
    public func beginning(upTo bytes: Int) -> TokenMarks {
        var result = self
        result.marks.removeAll { $0.bytes > bytes }
        return result
    }

    /// The tokens up to `bytes`; nil where no prompt that long was counted.
    public func tokens(at bytes: Int) -> Count? {
        guard let above = marks.first(where: { $0.bytes >= bytes }) else { return nil }
        guard bytes > 0 else { return Count(tokens: 0, least: 0, most: 0) }
        let below = marks.last { $0.bytes <= bytes } ?? Mark(bytes: 0, tokens: 0)
        guard above.bytes > below.bytes else { return Count(tokens: above.tokens, least: above.tokens, most: above.tokens) }
        let share = Double(bytes - below.bytes) / Double(above.bytes - below.bytes)
        let tokens = below.tokens + Int((Double(above.tokens - below.tokens) * share).rounded())
        return Count(tokens: tokens, least: below.tokens, most: above.tokens)
    }
}
