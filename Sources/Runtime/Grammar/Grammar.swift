/// A context-free grammar over the bytes of UTF-8 and over markers, tokens of control that stand for themselves.
///
/// It is a network of nodes, each of which says what comes after it. A rule is entered by a call, and left at an `end`. Between two
/// calls on one path at least one symbol is read, so that no path is endless without reading.
struct Grammar: Sendable {
    typealias NodeID = Int32
    typealias RuleID = Int32

    enum Node: Sendable {
        case bytes(ByteSet, next: NodeID)
        /// An index in `markers`.
        case marker(Int32, next: NodeID)
        case split([NodeID])
        case call(RuleID, next: NodeID)
        /// The rule `min` to `max` times, one after the other; nil is without an end.
        case repeated(RuleID, min: Int32, max: Int32?, next: NodeID)
        case end
        /// Nothing can be read here.
        case dead
    }

    /// Texts that only the token of that text can write.
    let markers: [String]
    let nodes: [Node]
    /// The node that each rule begins with. The first rule is the grammar's.
    let entries: [NodeID]
    let costs: GrammarCosts

    /// How many calls may be open at once: the depth of values in values.
    static let maxDepth: Int32 = 128

    init(markers: [String], nodes: [Node], entries: [NodeID]) {
        self.markers = markers
        self.nodes = nodes
        self.entries = entries
        costs = GrammarCosts(nodes: nodes, entries: entries)
    }

    /// Whether there is any text of it.
    var isEmpty: Bool { costs.isEndless(entries[0], depth: 0) }
}
