import Locking

/// A value whose changes are waited for.
final class Observed<Value: Sendable>: Sendable {
    private struct State {
        var value: Value
        var changes = 0
        var waiters: [Int: AsyncStream<Void>.Continuation] = [:]
        var nextWaiter = 0
    }
    private let state: Mutex<State>

    init(_ value: Value) { state = Mutex(State(value: value)) }

    var value: Value { state.withLock { $0.value } }
    /// How often it was set.
    var changes: Int { state.withLock { $0.changes } }
    var waiters: Int { state.withLock { $0.waiters.count } }

    /// The value, and the number of changes that it has seen.
    var now: (value: Value, changes: Int) { state.withLock { ($0.value, $0.changes) } }

    func set(_ value: Value) {
        let waiters = state.withLock { state in
            state.value = value
            state.changes += 1
            defer { state.waiters = [:] }
            return state.waiters.values
        }
        for waiter in waiters { waiter.finish() }
    }

    /// Returns when there is more than `seen` changes, or the task is cancelled.
    func change(after seen: Int) async {
        let (stream, continuation) = AsyncStream<Void>.makeStream()
        let id: Int? = state.withLock { state in
            if state.changes > seen { return nil }
            state.nextWaiter += 1
            state.waiters[state.nextWaiter] = continuation
            return state.nextWaiter
        }
        guard let id else { return }
        for await _ in stream {}
        state.withLock { $0.waiters[id] = nil }
    }
}
