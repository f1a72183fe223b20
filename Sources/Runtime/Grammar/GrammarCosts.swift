/// The fewest symbols from each node to the end of its rule, and how many calls lie within each other on that way.
struct GrammarCosts: Sendable {
    /// More than any way that is taken: a value whose shortest text is so long is none.
    static let endless: Int32 = 1 << 15

    private(set) var symbols: [Int32]
    private(set) var heights: [Int32]
    private let entries: [Grammar.NodeID]

    init(nodes: [Grammar.Node], entries: [Grammar.NodeID]) {
        self.entries = entries
        symbols = Array(repeating: Self.endless, count: nodes.count)
        heights = Array(repeating: Self.endless, count: nodes.count)
        let dependents = Dependents(nodes, entries)
        dependents.settle { index in
            let cost = cost(of: nodes[index])
            defer { symbols[index] = min(cost, symbols[index]) }
            return cost < symbols[index]
        }
        dependents.settle { index in
            guard symbols[index] < Self.endless else { return false }
            let height = height(of: nodes[index])
            defer { heights[index] = min(height, heights[index]) }
            return height < heights[index]
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
        case .split(let branches): height(ofCheapest: branches)
        case .call(let rule, let next): max(Self.sum(1, height(ofRule: rule)), heights[Int(next)])
        case .repeated(let rule, let least, _, let next):
            least > 0 ? max(Self.sum(1, height(ofRule: rule)), heights[Int(next)]) : heights[Int(next)]
        case .end: 0
        case .dead: Self.endless
        }
    }

    private func height(ofCheapest branches: [Grammar.NodeID]) -> Int32 {
        let least = branches.reduce(Self.endless) { min($0, symbols[Int($1)]) }
        return branches.reduce(Self.endless) { symbols[Int($1)] == least ? min($0, heights[Int($1)]) : $0 }
    }

    /// Whether no way out of the node, with `depth` calls open, stays within the depth that is allowed.
    func isEndless(_ node: Grammar.NodeID, depth: Int32) -> Bool {
        symbols[Int(node)] >= Self.endless || heights[Int(node)] + depth > Grammar.maxDepth
    }
}

/// Which nodes are worked out from each node.
private struct Dependents {
    /// Those of node `n` are at `starts[n] ..< starts[n + 1]` in `list`.
    private var starts: [Int]
    private var list: [Int32]

    init(_ nodes: [Grammar.Node], _ entries: [Grammar.NodeID]) {
        func each(_ work: (_ node: Int, _ dependent: Int) -> Void) {
            for (index, node) in nodes.enumerated() {
                switch node {
                case .bytes(_, let next), .marker(_, let next): work(Int(next), index)
                case .split(let branches): for branch in branches { work(Int(branch), index) }
                case .call(let rule, let next), .repeated(let rule, _, _, let next):
                    work(Int(next), index)
                    work(Int(entries[Int(rule)]), index)
                case .end, .dead: break
                }
            }
        }
        var counts = [Int](repeating: 0, count: nodes.count + 1)
        each { node, _ in counts[node + 1] += 1 }
        for index in counts.indices.dropFirst() { counts[index] += counts[index - 1] }
        var list = [Int32](repeating: 0, count: counts.last ?? 0)
        var positions = counts
        each { node, dependent in
            list[positions[node]] = Int32(dependent)
            positions[node] += 1
        }
        starts = counts
        self.list = list
    }

    /// Works each node out, and again whatever depends on one that has become better, until none does.
    func settle(_ improves: (Int) -> Bool) {
        var isWaiting = [Bool](repeating: true, count: starts.count - 1)
        var waiting = Array(0..<(starts.count - 1))
        var position = 0
        while position < waiting.count {
            let node = waiting[position]
            position += 1
            isWaiting[node] = false
            guard improves(node) else { continue }
            for dependent in list[starts[node]..<starts[node + 1]] where !isWaiting[Int(dependent)] {
                isWaiting[Int(dependent)] = true
                waiting.append(Int(dependent))
            }
            if position > 1 << 16 {
                waiting.removeFirst(position)
                position = 0
            }
        }
    }
}
