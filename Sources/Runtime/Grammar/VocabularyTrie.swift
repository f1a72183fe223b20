/// The byte strings of a vocabulary's tokens, as a tree that is walked with a grammar.
///
/// Tokens of control (the tokenizer's added ones) are not in it: they are no text. They are found by their names, where a grammar
/// has them as markers.
struct VocabularyTrie: Sendable {
    /// Nodes in the order of a walk, without the root.
    let bytes: [UInt8]
    /// The node that follows the last one below.
    let ends: [Int32]
    /// How deep a node is; 1 below the root.
    let depths: [UInt16]
    /// Where the tokens of a node begin in `tokens`; they end where the next node's begin.
    let firsts: [Int32]
    let tokens: [Int32]
    let maxDepth: Int
    let capacity: Int
    /// Ids of the tokens of control by their texts.
    let markers: [String: Int32]
    /// Whether each byte that UTF-8 has is a token, so that any text can be written.
    let isComplete: Bool

    /// Bytes of a token; longer ones are not used.
    private static let longest = 512

    init(_ tokenizer: Tokenizer, capacity: Int) {
        var words: [(bytes: [UInt8], id: Int32)] = []
        var markers: [String: Int32] = [:]
        var single = ByteSet()
        for id in 0..<Int32(min(tokenizer.vocabularySize, capacity)) {
            let word = tokenizer.bytes(of: id)
            guard !word.isEmpty, word.count <= Self.longest else { continue }
            if tokenizer.isAdded(id) {
                markers[String(decoding: word, as: UTF8.self)] = id
            } else {
                words.append((word, id))
                if word.count == 1 { single.insert(word[0]) }
            }
        }
        words.sort { $0.bytes.lexicographicallyPrecedes($1.bytes) }
        var bytes: [UInt8] = []
        var ends: [Int32] = []
        var depths: [UInt16] = []
        var counts: [Int32] = []
        // The nodes on the way to the word before.
        var way: [Int] = []
        for (word, _) in words {
            var common = 0
            while common < way.count, common < word.count, bytes[way[common]] == word[common] { common += 1 }
            while way.count > common { ends[way.removeLast()] = Int32(bytes.count) }
            for depth in common..<word.count {
                way.append(bytes.count)
                bytes.append(word[depth])
                depths.append(UInt16(depth + 1))
                ends.append(0)
                counts.append(0)
            }
            counts[way[word.count - 1]] += 1
        }
        for node in way { ends[node] = Int32(bytes.count) }
        // Words in their order are nodes in the order of the walk.
        var total: Int32 = 0
        firsts = counts.map { count in
            defer { total += count }
            return total
        }
        self.bytes = bytes
        self.ends = ends
        self.depths = depths
        tokens = words.map(\.id)
        maxDepth = words.reduce(0) { max($0, $1.bytes.count) }
        self.capacity = capacity
        self.markers = markers
        isComplete = (0x20...0xF4).allSatisfy { $0 == 0xC0 || $0 == 0xC1 || single.contains($0) } && single.contains(0x0A)
    }

    /// The tokens whose bytes lead to a node.
    func tokens(at node: Int) -> ArraySlice<Int32> {
        tokens[Int(firsts[node])..<(node + 1 < firsts.count ? Int(firsts[node + 1]) : tokens.count)]
    }

    /// The fewest tokens that write `text`; nil where none do.
    func fewestTokens(_ text: ArraySlice<UInt8>) -> [Int32]? {
        var best: [(count: Int, token: Int32, length: Int)?] = Array(repeating: nil, count: text.count + 1)
        best[text.count] = (0, 0, 0)
        for start in (0..<text.count).reversed() {
            var node = 0
            var end = bytes.count
            for length in 1...(text.count - start) {
                let wanted = text[text.startIndex + start + length - 1]
                while node < end, bytes[node] < wanted { node = Int(ends[node]) }
                guard node < end, bytes[node] == wanted else { break }
                if let token = tokens(at: node).first, let rest = best[start + length], rest.count + 1 < best[start]?.count ?? .max {
                    best[start] = (rest.count + 1, token, length)
                }
                end = Int(ends[node])
                node += 1
            }
        }
        var result: [Int32] = []
        var position = 0
        while position < text.count {
            guard let step = best[position] else { return nil }
            result.append(step.token)
            position += step.length
        }
        return result
    }
}
