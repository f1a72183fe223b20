import Control

/// Whether this proxy has a successor, so that what it has begun may take its time.
///
/// The supervisor says so on the descriptor `lease`, before its signal and whenever it changes its mind.
final class Retirement: Sendable {
    private let observed = Observed(false)

    /// Other words are of leases.
    func hear(_ word: ServiceState) {
        guard word == .stopping || word == .stopped else { return }
        observed.set(word == .stopping)
    }

    var hasTime: Bool { observed.value }

    /// Returns when the time for what was begun is over.
    ///
    /// - Parameters:
    ///   - limit: where nobody serves in its place.
    ///   - longest: where somebody does.
    func wait(limit: Duration, longest: Duration) async throws {
        var start = ContinuousClock.now
        var hadTime = false
        while true {
            let (hasTime, seen) = observed.now
            // Who had time is given what any other is given, from now on.
            if hadTime, !hasTime { start = .now }
            hadTime = hasTime
            let end = start + (hasTime ? longest : limit)
            guard .now < end else { return }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await Task.sleep(until: end, clock: .continuous) }
                group.addTask { await self.observed.change(after: seen) }
                try await group.next()
                group.cancelAll()
            }
        }
    }
}
