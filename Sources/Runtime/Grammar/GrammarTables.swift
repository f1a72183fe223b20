import Locking

/// What a grammar allows of a vocabulary, worked out as it is asked for and kept: for all requests that have the same grammar.
final class GrammarTables: Sendable {
    let grammar: Grammar
    let vocabulary: VocabularyTrie
    private let storage: Mutex<Storage>

    /// States, open calls and masks that are kept; tables with more are left behind.
    private static let mostStates = 8192
    private static let mostFrames = 65536
    private static let mostMasks = 256

    init(_ grammar: Grammar, _ vocabulary: VocabularyTrie) {
        self.grammar = grammar
        self.vocabulary = vocabulary
        storage = Mutex(Storage(states: GrammarStates(grammar)))
    }

    private struct Storage {
        var states: GrammarStates
        var masks: [[Int32]: Allowed] = [:]
        var plans: [GrammarStates.StateID: [Int32]] = [:]

        var isTooLarge: Bool { states.count > GrammarTables.mostStates || states.frameCount > GrammarTables.mostFrames }
    }

    /// What may follow states that do not differ in it.
    private struct Allowed {
        var tokens: TokenSet
        /// The states that the tokens lead to.
        var results: [GrammarStates.StateID]
        /// The most symbols that any of them needs to come to the end.
        var mostSymbols: Int32
        /// The most tokens that any of them needs; worked out where the symbols do not tell.
        var mostTokens: Int?
    }

    var start: GrammarStates.StateID { storage.withLock { $0.states.start() } }

    func isAccepting(_ state: GrammarStates.StateID) -> Bool { storage.withLock { state >= 0 && $0.states.isAccepting(state) } }

    func isAtEnd(_ state: GrammarStates.StateID) -> Bool { storage.withLock { state >= 0 && $0.states.isAtEnd(state) } }

    /// - Returns: nil where the token is none of the grammar here.
    func state(after state: GrammarStates.StateID, token: Int32, bytes: [UInt8]) -> GrammarStates.StateID? {
        storage.withLock { storage in
            var current = state
            if let marker = marker(token) {
                current = storage.states.state(after: current, 256 + marker)
            } else {
                for byte in bytes where current >= 0 { current = storage.states.state(after: current, Int(byte)) }
            }
            return current >= 0 ? current : nil
        }
    }

    private func marker(_ token: Int32) -> Int? { grammar.markers.firstIndex { vocabulary.markers[$0] == token } }

    /// Fresh tables and the same state in them, where these have grown too large. Not near the end, where the
    /// plans that these have worked out are wanted.
    func successor(of state: GrammarStates.StateID, limit: Int) -> (GrammarTables, GrammarStates.StateID)? {
        let old: GrammarStates? = storage.withLock { $0.isTooLarge && $0.states.costs[Int(state)] <= limit ? $0.states : nil }
        guard let old else { return nil }
        let fresh = GrammarTables(grammar, vocabulary)
        return (fresh, fresh.storage.withLock { $0.states.adopt(state, from: old) })
    }

    var isTooLarge: Bool { storage.withLock { $0.isTooLarge } }

    /// A shortest way to the end, in tokens; nil where the vocabulary cannot write it.
    func plan(from state: GrammarStates.StateID) -> [Int32]? { storage.withLock { plan(from: state, &$0) } }

    /// The tokens after which the end is at most `limit` tokens away.
    func allowed(_ state: GrammarStates.StateID, limit: Int) -> TokenSet {
        storage.withLock { storage in
            let (key, isExact) = Self.key(of: state, storage.states, longest: Int32(clamping: vocabulary.maxDepth))
            var entry = storage.masks[key] ?? allowed(state, &storage) { _, _ in true }
            if entry.mostSymbols > limit, entry.mostTokens == nil, isExact {
                entry.mostTokens = entry.results.reduce(0) { max($0, plan(from: $1, &storage)?.count ?? .max) }
            }
            if storage.masks.count >= Self.mostMasks { storage.masks = [:] }
            storage.masks[key] = entry
            if entry.mostSymbols <= limit || isExact && entry.mostTokens ?? .max <= limit { return entry.tokens }
            return allowed(state, &storage) { result, storage in
                storage.states.costs[Int(result)] <= limit || self.plan(from: result, &storage)?.count ?? .max <= limit
            }.tokens
        }
    }

    private func plan(from state: GrammarStates.StateID, _ storage: inout Storage) -> [Int32]? {
        if let known = storage.plans[state] { return known }
        var result: [Int32] = []
        var text: [UInt8] = []
        func flush() -> Bool {
            guard !text.isEmpty else { return true }
            guard let tokens = vocabulary.fewestTokens(text[...]) else { return false }
            result += tokens
            text = []
            return true
        }
        for symbol in storage.states.shortestEnd(of: state) {
            if symbol < 256 {
                text.append(UInt8(symbol))
            } else {
                guard flush(), let token = vocabulary.markers[grammar.markers[symbol - 256]] else { return nil }
                result.append(token)
            }
        }
        guard flush() else { return nil }
        storage.plans[state] = result
        return result
    }

    private func allowed(
        _ state: GrammarStates.StateID, _ storage: inout Storage, _ isWanted: (GrammarStates.StateID, inout Storage) -> Bool
    ) -> Allowed {
        var tokens = TokenSet(capacity: vocabulary.capacity)
        var verdicts: [GrammarStates.StateID: Bool] = [:]
        var last: (state: GrammarStates.StateID, isWanted: Bool) = (GrammarStates.dead, false)
        func verdict(_ result: GrammarStates.StateID) -> Bool {
            if result == last.state { return last.isWanted }
            let known = verdicts[result]
            let answer = known ?? isWanted(result, &storage)
            if known == nil { verdicts[result] = answer }
            last = (result, answer)
            return answer
        }
        // The states on the way to a node.
        var way = [GrammarStates.StateID](repeating: state, count: vocabulary.maxDepth + 1)
        var node = 0
        let count = vocabulary.bytes.count
        while node < count {
            let depth = Int(vocabulary.depths[node])
            let next = storage.states.state(after: way[depth - 1], Int(vocabulary.bytes[node]))
            guard next >= 0 else {
                node = Int(vocabulary.ends[node])
                continue
            }
            way[depth] = next
            let here = vocabulary.tokens(at: node)
            if !here.isEmpty, verdict(next) { for token in here { tokens.insert(token) } }
            node += 1
        }
        for (index, marker) in grammar.markers.enumerated() {
            guard let token = vocabulary.markers[marker] else { continue }
            let next = storage.states.state(after: state, 256 + index)
            if next >= 0, verdict(next) { tokens.insert(token) }
        }
        let results = Array(verdicts.keys)
        return Allowed(tokens: tokens, results: results, mostSymbols: results.reduce(0) { max($0, storage.states.costs[Int($1)]) })
    }

    /// What tells states apart as far as one token can see: the counts of repeated rules only where a token could come to their limit,
    /// or where they decide how far the end is.
    ///
    /// - Returns: besides, whether no other state has the same.
    private static func key(of state: GrammarStates.StateID, _ states: GrammarStates, longest: Int32) -> (key: [Int32], isExact: Bool) {
        var key: [Int32] = []
        var isExact = true
        for place in states.places[Int(state)] {
            key.append(place.node)
            var id = place.frame
            while id >= 0 {
                let frame = states.frames[Int(id)]
                key.append(frame.node)
                if case .repeated(_, let least, let most, _) = states.grammar.nodes[Int(frame.node)] {
                    key.append(max(0, least - frame.count))
                    if let most {
                        key.append(min(most - frame.count, longest))
                        if frame.count >= least, most - frame.count > longest { isExact = false }
                    }
                }
                id = frame.parent
            }
            key.append(-2)
        }
        return (key, isExact)
    }
}
