import Locking

/// Whether the supervisor answers: one request finds out by waiting that it is away, and the others need not wait for the same.
final class SupervisorPresence: Sendable {
    private let away = Mutex(false)

    var isAway: Bool { away.withLock { $0 } }

    func wasSilent() { away.withLock { $0 = true } }
    func hasAnswered() { away.withLock { $0 = false } }
}
