import Locking

/// The answers under way and those that were made but reached nobody, by the key of their request.
///
/// A request that is sent again joins the answer that is being made, from its first event; one whose answer was finished after
/// the client had gone gets that answer. An answer that a client has whole is never given twice: the client asks again because it
/// wants another.
final class GenerationTable: Sendable {
    enum Claim {
        case new(Generation)
        case running(Generation)
        case undelivered(Generation)
        /// A client has the answer, and it is not yet in the cache that outlives it.
        case delivered(Generation)
    }
    fileprivate struct State {
        var byKey: [String: Generation] = [:]
        var unshared: [ObjectIdentifier: Generation] = [:]
        var isClosing = false
    }
    private let state = Mutex(State())
    private static let keep = Duration.seconds(600)
    private static let maximumKeptBytes = 64 << 20

    /// For one request alone.
    func unshared() -> Generation {
        let generation = Generation()
        state.withLock { $0.unshared[ObjectIdentifier(generation)] = generation }
        return generation
    }

    /// - Parameter mayShare: false begins a new answer whatever there is; a repetition of the request may then find it.
    func claim(_ key: String, mayShare: Bool = true) -> Claim {
        state.withLock { state in
            if mayShare, let existing = state.byKey[key] {
                if !existing.isOver, !existing.isAbandoned { return .running(existing) }
                if existing.isComplete, let end = existing.end, end + Self.keep > .now {
                    return existing.wasDelivered ? .delivered(existing) : .undelivered(existing)
                }
            }
            return .new(state.renew(key))
        }
    }

    /// A new answer in the place of a delivered one.
    func renew(_ key: String) -> Generation { state.withLock { $0.renew(key) } }

    /// Forgets a generation that nobody can want any more: over, its answer in the cache or no whole one, and delivered if it is.
    func settle(_ key: String?, _ generation: Generation) {
        state.withLock { state in
            state.unshared[ObjectIdentifier(generation)] = nil
            guard let key, state.byKey[key] === generation, generation.isSettled else { return }
            if !generation.isComplete || generation.wasDelivered { state.byKey[key] = nil }
            state.shrink(keep: Self.keep, bytes: Self.maximumKeptBytes)
        }
    }

    /// Forgets the answers that reached nobody.
    ///
    /// - Returns: how many.
    func clear() -> Int {
        state.withLock { state in
            let over = state.byKey.filter(\.value.isOver).map(\.key)
            for key in over { state.byKey[key] = nil }
            return over.count
        }
    }

    /// Nothing is under way, and nothing waits to be delivered.
    var isEmpty: Bool { state.withLock { $0.unshared.isEmpty && $0.byKey.isEmpty } }

    var running: Int { state.withLock { $0.unshared.count + $0.byKey.values.count { !$0.isOver } } }

    /// All answers are given up, since the proxy ends.
    var isClosing: Bool { state.withLock { $0.isClosing } }

    func cancelAll() {
        let all = state.withLock { state in
            state.isClosing = true
            return Array(state.byKey.values) + Array(state.unshared.values)
        }
        for generation in all { generation.cancel() }
    }
}

extension GenerationTable.State {
    fileprivate mutating func renew(_ key: String) -> Generation {
        let generation = Generation()
        if let other = byKey[key], !other.isOver { unshared[ObjectIdentifier(other)] = other }
        byKey[key] = generation
        return generation
    }

    /// The oldest leave first.
    fileprivate mutating func shrink(keep: Duration, bytes: Int) {
        var kept = 0
        let finished = byKey.compactMap { key, generation in generation.end.map { (key, generation, $0) } }.sorted { $0.2 > $1.2 }
        for (key, generation, end) in finished {
            kept += generation.bytes
            if kept > bytes || end + keep < .now { byKey[key] = nil }
        }
    }
}
