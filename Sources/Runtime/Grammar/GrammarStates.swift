/// The states of a grammar that reads, each found once and kept: a state is all the ways in which what was read can be part of a text
/// of the grammar. What follows a state is worked out when it is asked for.
struct GrammarStates {
    typealias StateID = Int32
    static let dead: StateID = -1
    private static let unknown: StateID = -2

    let grammar: Grammar
    private let width: Int

    /// An open call: where to go on after it, how often a repeated rule was read by then, and the call around it.
    struct Frame: Hashable {
        var node: Grammar.NodeID
        var count: Int32
        var parent: Int32
    }
    private(set) var frames: [Frame] = []
    private var frameIDs: [Frame: Int32] = [:]
    private var frameDepths: [Int32] = []
    /// The fewest symbols from the end of the call to the end of all.
    private var frameCosts: [Int32] = []

    /// A node that reads a symbol, and the open call; `accepting` where all is read.
    struct Place: Hashable {
        var node: Grammar.NodeID
        var frame: Int32
        static let accepting = Place(node: -1, frame: -1)
    }
    private(set) var places: [[Place]] = []
    private var stateIDs: [[Place]: StateID] = [:]
    private var following: [StateID] = []
    private(set) var costs: [Int32] = []

    /// Ways that are followed within one state: more than a grammar has nodes. What is beyond is left out: fewer texts, all of the grammar.
    private static let mostWays = 1 << 18

    init(_ grammar: Grammar) {
        self.grammar = grammar
        width = 256 + grammar.markers.count
    }

    var count: Int { places.count }
    var frameCount: Int { frames.count }

    mutating func start() -> StateID { intern(closure(of: [(grammar.entries[0], 0, -1)])) }

    func isAccepting(_ state: StateID) -> Bool { places[Int(state)].last == .accepting }

    /// Whether nothing can be read any more.
    func isAtEnd(_ state: StateID) -> Bool { places[Int(state)] == [.accepting] }

    // MARK: Reading

    /// - Parameter symbol: a byte, or 256 and the index of a marker.
    mutating func state(after state: StateID, _ symbol: Int) -> StateID {
        let index = Int(state) * width + symbol
        let known = following[index]
        if known != Self.unknown { return known }
        var ways: [(Grammar.NodeID, Int32, Int32)] = []
        for place in places[Int(state)] where place.node >= 0 {
            switch grammar.nodes[Int(place.node)] {
            case .bytes(let set, let next) where symbol < 256 && set.contains(UInt8(truncatingIfNeeded: symbol)): ways.append((next, 0, place.frame))
            case .marker(let marker, let next) where symbol == 256 + Int(marker): ways.append((next, 0, place.frame))
            default: break
            }
        }
        let result = ways.isEmpty ? Self.dead : intern(closure(of: ways))
        following[index] = result
        return result
    }

    /// Follows all that is read without a symbol.
    private mutating func closure(of start: [(node: Grammar.NodeID, count: Int32, frame: Int32)]) -> [Place] {
        var ways = start
        var result: Set<Place> = []
        var budget = Self.mostWays
        while let (node, count, frame) = ways.popLast(), budget > 0 {
            budget -= 1
            let depth = frame < 0 ? 0 : frameDepths[Int(frame)]
            switch grammar.nodes[Int(node)] {
            case .bytes, .marker: if !grammar.costs.isEndless(node, depth: depth) { result.insert(Place(node: node, frame: frame)) }
            case .split(let branches): for branch in branches { ways.append((branch, 0, frame)) }
            case .call(let rule, let next):
                guard !grammar.costs.isEndless(node, depth: depth) else { continue }
                ways.append((grammar.entries[Int(rule)], 0, push(Frame(node: next, count: 0, parent: frame), depth)))
            case .repeated(let rule, let least, let most, let next):
                guard !grammar.costs.isEndless(next, depth: depth) else { continue }
                if count >= least { ways.append((next, 0, frame)) }
                let entry = grammar.entries[Int(rule)]
                guard most.map({ count < $0 }) ?? true, !grammar.costs.isEndless(entry, depth: depth + 1) else { continue }
                // Without an end, only what is still missing is counted.
                let counted = most == nil ? min(count + 1, least) : count + 1
                ways.append((entry, 0, push(Frame(node: node, count: counted, parent: frame), depth)))
            case .end:
                if frame < 0 {
                    result.insert(.accepting)
                } else {
                    let outer = frames[Int(frame)]
                    ways.append((outer.node, outer.count, outer.parent))
                }
            case .dead: break
            }
        }
        return result.sorted(by: precedes)
    }

    /// The order of the places of a state, which is that of the grammar alone. The ids of open calls are not: they are given in the order in which
    /// calls were first met, by whichever request that was, and where a state has more ways than are followed the order decides which are left out.
    private func precedes(_ left: Place, _ right: Place) -> Bool {
        if left.node != right.node { return left.node > right.node }
        var (left, right) = (left.frame, right.frame)
        while left != right, left >= 0, right >= 0 {
            let (one, other) = (frames[Int(left)], frames[Int(right)])
            if (one.node, one.count) != (other.node, other.count) { return (one.node, one.count) > (other.node, other.count) }
            (left, right) = (one.parent, other.parent)
        }
        return left >= 0 && right < 0
    }

    private mutating func push(_ frame: Frame, _ depth: Int32) -> Int32 {
        if let known = frameIDs[frame] { return known }
        let id = Int32(frames.count)
        frames.append(frame)
        frameIDs[frame] = id
        frameDepths.append(depth + 1)
        let outer = frame.parent < 0 ? 0 : frameCosts[Int(frame.parent)]
        frameCosts.append(GrammarCosts.sum(cost(frame.node, frame.count), outer))
        return id
    }

    private func cost(_ node: Grammar.NodeID, _ count: Int32) -> Int32 {
        guard case .repeated(let rule, let least, _, let next) = grammar.nodes[Int(node)] else { return grammar.costs.symbols[Int(node)] }
        let rest = GrammarCosts.product(least - count, grammar.costs.symbols(ofRule: rule))
        return GrammarCosts.sum(rest, grammar.costs.symbols[Int(next)])
    }

    private mutating func intern(_ list: [Place]) -> StateID {
        guard !list.isEmpty else { return Self.dead }
        if let known = stateIDs[list] { return known }
        let id = StateID(places.count)
        places.append(list)
        stateIDs[list] = id
        costs.append(list.reduce(GrammarCosts.endless) { min($0, cost(of: $1)) })
        following.append(contentsOf: repeatElement(Self.unknown, count: width))
        return id
    }

    private func cost(of place: Place) -> Int32 {
        guard place.node >= 0 else { return 0 }
        let outer = place.frame < 0 ? 0 : frameCosts[Int(place.frame)]
        return GrammarCosts.sum(grammar.costs.symbols[Int(place.node)], outer)
    }

    // MARK: The shortest end

    /// The symbols of a shortest way to the end.
    mutating func shortestEnd(of state: StateID) -> [Int] {
        var result: [Int] = []
        var current = state
        while costs[Int(current)] > 0 {
            guard let symbol = cheapestSymbol(of: current) else { break }
            result.append(symbol)
            current = self.state(after: current, symbol)
            if current < 0 { break }
        }
        return result
    }

    /// Of several the first, in the grammar's own order: the places of one node differ in their open calls only, and read the same.
    private func cheapestSymbol(of state: StateID) -> Int? {
        let least = costs[Int(state)]
        for place in places[Int(state)] where place.node >= 0 && cost(of: place) == least {
            switch grammar.nodes[Int(place.node)] {
            case .bytes(let set, _): return set.plainest.map(Int.init)
            case .marker(let marker, _): return 256 + Int(marker)
            default: continue
            }
        }
        return nil
    }

    // MARK: Another set of states

    /// The state of another set for the same grammar, in this one.
    mutating func adopt(_ state: StateID, from other: GrammarStates) -> StateID {
        guard state >= 0 else { return state }
        var known: [Int32: Int32] = [-1: -1]
        let list = other.places[Int(state)].map { place -> Place in
            var chain: [Int32] = []
            var frame = place.frame
            while known[frame] == nil {
                chain.append(frame)
                frame = other.frames[Int(frame)].parent
            }
            for id in chain.reversed() {
                var copy = other.frames[Int(id)]
                copy.parent = known[copy.parent] ?? -1
                known[id] = push(copy, copy.parent < 0 ? 0 : frameDepths[Int(copy.parent)])
            }
            return Place(node: place.node, frame: known[place.frame] ?? -1)
        }
        return intern(list.sorted(by: precedes))
    }
}
