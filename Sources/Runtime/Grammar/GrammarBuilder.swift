/// Puts a grammar together. A way is built from its end: each function takes the node that follows, and gives the one to begin with.
struct GrammarBuilder {
    private(set) var nodes: [Grammar.Node] = []
    private var entries: [Grammar.NodeID?] = []
    private(set) var markers: [String] = []
    /// Tokens of control that the tokenizer has.
    private let knownMarkers: Set<String>
    /// Where nothing was built because there was too much of it.
    private(set) var isTooLarge = false
    private static let maxNodes = 200_000

    init(knownMarkers: Set<String> = []) { self.knownMarkers = knownMarkers }

    mutating func add(_ node: Grammar.Node) -> Grammar.NodeID {
        guard nodes.count < Self.maxNodes else {
            isTooLarge = true
            return 0
        }
        nodes.append(node)
        return Grammar.NodeID(nodes.count - 1)
    }

    mutating func set(_ id: Grammar.NodeID, _ node: Grammar.Node) { nodes[Int(id)] = node }

    // MARK: Rules

    mutating func reserveRule() -> Grammar.RuleID {
        entries.append(nil)
        return Grammar.RuleID(entries.count - 1)
    }

    mutating func define(_ rule: Grammar.RuleID, _ entry: Grammar.NodeID) { entries[Int(rule)] = entry }

    mutating func grammar() -> Grammar {
        let dead = add(.dead)
        return Grammar(markers: markers, nodes: nodes, entries: entries.map { $0 ?? dead })
    }

    // MARK: Parts

    mutating func end() -> Grammar.NodeID { add(.end) }
    mutating func bytes(_ set: ByteSet, _ next: Grammar.NodeID) -> Grammar.NodeID { add(.bytes(set, next: next)) }
    mutating func call(_ rule: Grammar.RuleID, _ next: Grammar.NodeID) -> Grammar.NodeID { add(.call(rule, next: next)) }

    mutating func any(_ branches: [Grammar.NodeID]) -> Grammar.NodeID { branches.count == 1 ? branches[0] : add(.split(branches)) }

    mutating func optional(_ set: ByteSet, _ next: Grammar.NodeID) -> Grammar.NodeID { any([bytes(set, next), next]) }

    mutating func literal(_ text: some Collection<UInt8>, _ next: Grammar.NodeID) -> Grammar.NodeID {
        Array(text).reversed().reduce(next) { following, byte in bytes(ByteSet([byte]), following) }
    }

    mutating func literal(_ text: String, _ next: Grammar.NodeID) -> Grammar.NodeID { literal(Array(text.utf8), next) }

    /// `least` to `most` bytes of a set.
    mutating func run(_ set: ByteSet, _ least: Int, _ most: Int, _ next: Grammar.NodeID) -> Grammar.NodeID {
        var result = next
        for index in (0..<max(most, 0)).reversed() {
            let one = bytes(set, result)
            result = index >= least ? any([one, next]) : one
        }
        return result
    }

    /// One of some texts; what they begin with in common is read once.
    mutating func oneOf(_ texts: [[UInt8]], _ next: Grammar.NodeID) -> Grammar.NodeID {
        guard !texts.isEmpty else { return add(.dead) }
        return branch(Array(Set(texts)).sorted { $0.lexicographicallyPrecedes($1) }[...], 0, next)
    }

    private mutating func branch(_ texts: ArraySlice<[UInt8]>, _ depth: Int, _ next: Grammar.NodeID) -> Grammar.NodeID {
        if texts.count == 1, let text = texts.first { return literal(text[depth...], next) }
        var branches: [Grammar.NodeID] = []
        var rest = texts
        if rest.first?.count == depth {
            branches.append(next)
            rest = rest.dropFirst()
        }
        // As deep as texts have in common without being equal; as many calls as bytes that part them.
        while let byte = rest.first?[depth], !isTooLarge {
            let end = rest.firstIndex { $0[depth] != byte } ?? rest.endIndex
            var common = depth + 1
            let first = rest[rest.startIndex]
            let last = rest[end - 1]
            while common < first.count, common < last.count, first[common] == last[common] { common += 1 }
            branches.append(literal(first[depth..<common], branch(rest[..<end], common, next)))
            rest = rest[end...]
        }
        return any(branches)
    }

    /// Notation: where the tokenizer has a token of control for a part of it, that token writes it.
    mutating func notation(_ text: String, _ next: Grammar.NodeID) -> Grammar.NodeID {
        let found = knownMarkers.compactMap { marker in text.firstRange(of: marker).map { (marker, $0) } }
        // The first, and of those that begin together the longest.
        guard
            let (marker, range) = found.min(by: { left, right in
                left.1.lowerBound != right.1.lowerBound ? left.1.lowerBound < right.1.lowerBound : left.1.upperBound > right.1.upperBound
            })
        else { return literal(text, next) }
        if !markers.contains(marker) { markers.append(marker) }
        let index = markers.firstIndex(of: marker) ?? 0
        let rest = notation(String(text[range.upperBound...]), next)
        return literal(String(text[..<range.lowerBound]), add(.marker(Int32(index), next: rest)))
    }
}
