/// Makes an answer begin with one of some texts, in whatever tokens the model prefers for it: text that is put into the prompt
/// instead would end between tokens that the model has only ever seen as one.
struct ForcedBeginning: TokenMask {
    /// Token ids by the first byte of what they stand for.
    struct Vocabulary: Sendable {
        fileprivate let byFirstByte: [[Int32]]
        fileprivate let tokenizer: Tokenizer
        fileprivate let capacity: Int

        init(_ tokenizer: Tokenizer, capacity: Int) {
            self.tokenizer = tokenizer
            self.capacity = capacity
            var table = [[Int32]](repeating: [], count: 256)
            for id in 0..<Int32(min(tokenizer.vocabularySize, capacity)) {
                if let first = tokenizer.bytes(of: id).first { table[Int(first)].append(id) }
            }
            byFirstByte = table
        }
    }

    private let vocabulary: Vocabulary
    /// What is still to come of each text that agrees with the answer so far; empty when one of them is complete.
    private var rest: [[UInt8]]

    init(oneOf texts: [String], _ vocabulary: Vocabulary) {
        self.vocabulary = vocabulary
        rest = texts.map { Array($0.utf8) }
    }

    func allowedTokens() -> TokenSet? {
        guard !rest.isEmpty else { return nil }
        var allowed = TokenSet(capacity: vocabulary.capacity)
        for first in Set(rest.map { $0[0] }) {
            for id in vocabulary.byFirstByte[Int(first)] where agrees(vocabulary.tokenizer.bytes(of: id)) { allowed.insert(id) }
        }
        return allowed
    }

    private func agrees(_ bytes: [UInt8]) -> Bool { rest.contains { $0.starts(with: bytes) || bytes.starts(with: $0) } }

    mutating func advance(by token: Int32) {
        let bytes = vocabulary.tokenizer.bytes(of: token)
        if rest.contains(where: { bytes.starts(with: $0) }) {
            rest = []
        } else {
            rest = rest.filter { $0.starts(with: bytes) }.map { Array($0.dropFirst(bytes.count)) }
        }
    }
}
