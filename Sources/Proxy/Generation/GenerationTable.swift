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
        /// Of text: what is kept of an answer is some times that.
        var waiting = WaitingAnswers(keep: GenerationTable.keep, maximumBytes: 2 << 20)
        var isClosing = false
    }
    private let state = Mutex(State())
    private static let keep = Duration.seconds(600)

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
            if !generation.isComplete || generation.wasDelivered {
                state.forget(key)
            } else {
                state.waiting.add(key, bytes: generation.bytes, end: generation.end ?? .now)
            }
            for key in state.waiting.shrink(.now) { state.byKey[key] = nil }
        }
    }

    /// Forgets the answers that reached nobody.
    ///
    /// - Parameter isMeant: by the key of the request.
    /// - Returns: how many.
    func clear(_ isMeant: (_ key: String) -> Bool = { _ in true }) -> Int {
        state.withLock { state in
            let over = state.byKey.filter { $0.value.isOver && isMeant($0.key) }.map(\.key)
            for key in over { state.forget(key) }
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
        forget(key)
        byKey[key] = generation
        return generation
    }

    fileprivate mutating func forget(_ key: String) {
        byKey[key] = nil
        waiting.forget(key)
    }
}
