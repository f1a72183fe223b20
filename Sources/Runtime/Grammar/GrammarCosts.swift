/// The fewest symbols from each node to the end of its rule, and how many calls lie within each other on that way.
struct GrammarCosts: Sendable {
    /// More than any way that is taken.
    static let endless: Int32 = 1 << 28

    private(set) var symbols: [Int32]
    private(set) var heights: [Int32]
    private let entries: [Grammar.NodeID]

    init(nodes: [Grammar.Node], entries: [Grammar.NodeID]) {
        self.entries = entries
        symbols = Array(repeating: Self.endless, count: nodes.count)
        heights = Array(repeating: Self.endless, count: nodes.count)
        // Nodes are made from the end of a way to its beginning: one pass settles all but loops and calls of later rules.
        var changes = true
        while changes {
            changes = false
            for index in nodes.indices {
                let cost = cost(of: nodes[index])
                if cost < symbols[index] { (symbols[index], changes) = (cost, true) }
            }
        }
        changes = true
        while changes {
            changes = false
            for index in nodes.indices where symbols[index] < Self.endless {
                let height = height(of: nodes[index])
                if height < heights[index] { (heights[index], changes) = (height, true) }
            }
        }
    }

    func symbols(ofRule rule: Grammar.RuleID) -> Int32 { symbols[Int(entries[Int(rule)])] }
    func height(ofRule rule: Grammar.RuleID) -> Int32 { heights[Int(entries[Int(rule)])] }

    static func sum(_ left: Int32, _ right: Int32) -> Int32 { min(left + right, endless) }

    static func product(_ count: Int32, _ cost: Int32) -> Int32 {
        count <= 0 ? 0 : Int32(clamping: min(Int64(count) * Int64(cost), Int64(endless)))
    }

    private func cost(of node: Grammar.Node) -> Int32 {
        switch node {
        case .bytes(let set, let next): set.isEmpty ? Self.endless : Self.sum(1, symbols[Int(next)])
        case .marker(_, let next): Self.sum(1, symbols[Int(next)])
        case .split(let branches): branches.reduce(Self.endless) { min($0, symbols[Int($1)]) }
        case .call(let rule, let next): Self.sum(symbols(ofRule: rule), symbols[Int(next)])
        case .repeated(let rule, let least, _, let next): Self.sum(Self.product(least, symbols(ofRule: rule)), symbols[Int(next)])
        case .end: 0
        case .dead: Self.endless
        }
    }

    private func height(of node: Grammar.Node) -> Int32 {
        switch node {
        case .bytes(_, let next), .marker(_, let next): heights[Int(next)]
        case .split(let branches):
            branches.reduce(Self.endless) { best, branch in
                symbols[Int(branch)] == branches.reduce(Self.endless) { min($0, symbols[Int($1)]) } ? min(best, heights[Int(branch)]) : best
            }
        case .call(let rule, let next): max(Self.sum(1, height(ofRule: rule)), heights[Int(next)])
        case .repeated(let rule, let least, _, let next):
            least > 0 ? max(Self.sum(1, height(ofRule: rule)), heights[Int(next)]) : heights[Int(next)]
        case .end: 0
        case .dead: Self.endless
        }
    }

    /// Whether no way out of the node, with `depth` calls open, stays within the depth that is allowed.
    func isEndless(_ node: Grammar.NodeID, depth: Int32) -> Bool {
        symbols[Int(node)] >= Self.endless || heights[Int(node)] + depth > Grammar.maxDepth
    }
}
