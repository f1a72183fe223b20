import JSON

/// The tokens that are looked for in the text itself, before it is split into words (`added_tokens` of tokenizer.json).
struct AddedTokens: Sendable {
    struct Token: Sendable {
        var id: Int32
        var content: String
        var isSpecial: Bool
        /// Not inside a longer word.
        var singleWord: Bool
        /// Takes the white space before or after it.
        var stripsLeft: Bool
        var stripsRight: Bool
        /// Looked for in the normalised text.
        var isNormalized: Bool
    }

    let tokens: [Token]
    private let literal: PhraseTrie
    private let normalized: PhraseTrie
    private let word: SplitPattern
    private let space: SplitPattern

    init(_ json: JSON?, normalizer: Normalizer) throws(RuntimeError) {
        var tokens: [Token] = []
        for element in json?.arrayValue ?? [] {
            guard let id = element["id"]?.intValue, let id = Int32(exactly: id), id >= 0, let content = element["content"]?.stringValue else {
                throw RuntimeError("an added token has no id or no content: \(element.text.prefix(120))")
            }
            func flag(_ key: String, _ absent: Bool = false) -> Bool { element[key]?.boolValue ?? absent }
            tokens.append(
                Token(
                    id: id, content: content, isSpecial: flag("special"), singleWord: flag("single_word"), stripsLeft: flag("lstrip"),
                    stripsRight: flag("rstrip"), isNormalized: flag("normalized", !flag("special"))))
        }
        var literal = PhraseTrie()
        var normalized = PhraseTrie()
        for (index, token) in tokens.enumerated() {
            let bytes = Array(token.content.utf8)
            if token.isNormalized {
                normalized.insert(try normalizer.normalize(bytes), index)
            } else {
                literal.insert(bytes, index)
            }
        }
        self.tokens = tokens
        self.literal = literal
        self.normalized = normalized
        word = try SplitPattern(#"\w"#)
        space = try SplitPattern(#"\s"#)
    }

    enum Piece {
        case text([UInt8])
        case token(Int32)
    }

    /// Text, already normalised, and tokens, in order.
    func split(_ text: [UInt8], normalizer: Normalizer) throws(RuntimeError) -> [Piece] {
        var pieces: [Piece] = []
        for piece in try split(text, by: literal) {
            switch piece {
            case .token: pieces.append(piece)
            case .text(let part): pieces += try split(try normalizer.normalize(part), by: normalized)
            }
        }
        return pieces
    }

    private func split(_ text: [UInt8], by trie: PhraseTrie) throws(RuntimeError) -> [Piece] {
        guard !trie.isEmpty else { return text.isEmpty ? [] : [.text(text)] }
        var pieces: [Piece] = []
        var consumed = 0
        var position = 0
        while let match = trie.firstMatch(in: text, from: position) {
            position = match.range.upperBound
            let token = tokens[match.phrase]
            var range = match.range
            if token.singleWord {
                if try matches(word, before: range.lowerBound, in: text) { continue }
                if try matches(word, at: range.upperBound, in: text) { continue }
            }
            if token.stripsLeft { range = try spaceStart(before: range.lowerBound, in: text, notBefore: consumed)..<range.upperBound }
            if token.stripsRight { range = range.lowerBound..<(try spaceEnd(after: range.upperBound, in: text)) }
            if consumed < range.lowerBound { pieces.append(.text(Array(text[consumed..<range.lowerBound]))) }
            pieces.append(.token(token.id))
            consumed = range.upperBound
            position = max(position, consumed)
        }
        if consumed < text.count { pieces.append(.text(consumed == 0 ? text : Array(text[consumed...]))) }
        return pieces
    }

    private func matches(_ pattern: SplitPattern, at start: Int, in text: [UInt8]) throws(RuntimeError) -> Bool {
        guard start < text.count else { return false }
        var end = start + 1
        while end < text.count, text[end] & 0xC0 == 0x80 { end += 1 }
        return try text[start..<end].withUnsafeBufferPointer { (scalar) throws(RuntimeError) in try !pattern.matches(in: scalar).isEmpty }
    }

    private func matches(_ pattern: SplitPattern, before end: Int, in text: [UInt8]) throws(RuntimeError) -> Bool {
        guard end > 0 else { return false }
        return try matches(pattern, at: scalarStart(before: end, in: text), in: text)
    }

    private func scalarStart(before end: Int, in text: [UInt8]) -> Int {
        var start = end - 1
        while start > 0, text[start] & 0xC0 == 0x80 { start -= 1 }
        return start
    }

    private func spaceStart(before end: Int, in text: [UInt8], notBefore limit: Int) throws(RuntimeError) -> Int {
        var start = end
        while start > limit, try matches(space, before: start, in: text) { start = scalarStart(before: start, in: text) }
        return max(start, limit)
    }

    private func spaceEnd(after start: Int, in text: [UInt8]) throws(RuntimeError) -> Int {
        var end = start
        while try matches(space, at: end, in: text) {
            end += 1
            while end < text.count, text[end] & 0xC0 == 0x80 { end += 1 }
        }
        return end
    }
}

/// Finds the leftmost, and there the longest, of a set of phrases.
private struct PhraseTrie: Sendable {
    private struct Node {
        var children: [UInt8: Int] = [:]
        var phrase: Int?
    }
    private var nodes = [Node()]
    private var firstBytes = [Bool](repeating: false, count: 256)

    var isEmpty: Bool { nodes.count == 1 }

    mutating func insert(_ phrase: [UInt8], _ index: Int) {
        guard let first = phrase.first else { return }
        firstBytes[Int(first)] = true
        var node = 0
        for byte in phrase {
            if let child = nodes[node].children[byte] {
                node = child
            } else {
                nodes.append(Node())
                nodes[node].children[byte] = nodes.count - 1
                node = nodes.count - 1
            }
        }
        nodes[node].phrase = index
    }

    func firstMatch(in text: [UInt8], from start: Int) -> (range: Range<Int>, phrase: Int)? {
        for position in start..<max(start, text.count) where firstBytes[Int(text[position])] {
            var node = 0
            var end = position
            var found: (Range<Int>, Int)?
            while end < text.count, let child = nodes[node].children[text[end]] {
                node = child
                end += 1
                if let phrase = nodes[node].phrase { found = (position..<end, phrase) }
            }
            if let found { return found }
        }
        return nil
    }
}
