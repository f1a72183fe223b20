import Control
import Locking

/// Whether this proxy has a successor, so that what it has begun may take its time.
///
/// The supervisor says so on the descriptor `lease`, before its signal and whenever it changes its mind.
final class Retirement: Sendable {
    private struct State {
        var hasTime = false
        var changes = 0
        var waiters: [Int: AsyncStream<Void>.Continuation] = [:]
        var nextWaiter = 0
    }
    private let state = Mutex(State())

    /// Other words are of leases.
    func hear(_ word: ServiceState) {
        guard word == .stopping || word == .stopped else { return }
        let waiters = state.withLock { state in
            state.hasTime = word == .stopping
            state.changes += 1
            defer { state.waiters = [:] }
            return state.waiters.values
        }
        for waiter in waiters { waiter.finish() }
    }

    var hasTime: Bool { state.withLock { $0.hasTime } }

    /// Returns when the time for what was begun is over.
    ///
    /// - Parameters:
    ///   - limit: where nobody serves in its place.
    ///   - longest: where somebody does.
    func wait(limit: Duration, longest: Duration) async throws {
        var start = ContinuousClock.now
        var hadTime = false
        while true {
            let (hasTime, seen) = state.withLock { ($0.hasTime, $0.changes) }
            // Who had time is given what any other is given, from now on.
            if hadTime, !hasTime { start = .now }
            hadTime = hasTime
            let end = start + (hasTime ? longest : limit)
            guard .now < end else { return }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await Task.sleep(until: end, clock: .continuous) }
                group.addTask { await self.change(after: seen) }
                try await group.next()
                group.cancelAll()
            }
        }
    }

    private func change(after seen: Int) async {
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
