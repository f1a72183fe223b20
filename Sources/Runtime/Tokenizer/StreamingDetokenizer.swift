/// Text from tokens as they come: each call gives the characters that are certain, and never a part of one.
///
/// The pieces, joined, are what `Tokenizer.decode` gives for all tokens at once.
public struct StreamingDetokenizer: Sendable {
    private let tokenizer: Tokenizer
    private let isShown: @Sendable (Int32) -> Bool
    /// At most three bytes: the beginning of a character whose rest has not come.
    private var pending: [UInt8] = []

    public init(_ tokenizer: Tokenizer, skipSpecialTokens: Bool) {
        self.init(tokenizer) { !(skipSpecialTokens && tokenizer.isSpecial($0)) }
    }

    /// - Parameter isShown: the tokens that become text.
    public init(_ tokenizer: Tokenizer, isShown: @escaping @Sendable (Int32) -> Bool) {
        self.tokenizer = tokenizer
        self.isShown = isShown
    }

    /// The text that is certain now.
    public mutating func append(_ id: Int32) -> String {
        guard isShown(id) else { return "" }
        pending += tokenizer.bytes(of: id)
        let held = Self.unfinishedLength(pending)
        let text = String(decoding: pending.dropLast(held), as: UTF8.self)
        pending.removeFirst(pending.count - held)
        return text
    }

    /// What is left at the end: U+FFFD for a character that never came whole.
    public mutating func finish() -> String {
        defer { pending = [] }
        return String(decoding: pending, as: UTF8.self)
    }

    /// How many bytes at the end of `bytes` begin a well-formed character without ending it (Unicode 15, table 3-7).
    static func unfinishedLength(_ bytes: [UInt8]) -> Int {
        for length in 1...3 where length <= bytes.count {
            let tail = bytes.suffix(length)
            let lead = tail[tail.startIndex]
            if lead & 0xC0 == 0x80 { continue }
            let needed =
                switch lead {
                case 0xC2...0xDF: 2
                case 0xE0...0xEF: 3
                case 0xF0...0xF4: 4
                default: 1
                }
            guard length < needed else { return 0 }
            guard length > 1 else { return 1 }
            let second = tail[tail.startIndex + 1]
            let isPossible =
                switch lead {
                case 0xE0: second >= 0xA0
                case 0xED: second <= 0x9F
                case 0xF0: second >= 0x90
                case 0xF4: second <= 0x8F
                default: true
                }
            return isPossible ? length : 0
        }
        return 0
    }
}
