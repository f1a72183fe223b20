import LaunchPlan
import Locking
import Messages

/// A circuit breaker for each backend.
final class BackendHealth: Sendable {
    /// One request that was let through; where it ends without a word, nothing is known of its backend.
    final class Pass: Sendable {
        private let health: BackendHealth
        private let backend: String
        private let ticket: Mutex<CircuitBreaker.Ticket?>

        fileprivate init(_ health: BackendHealth, _ backend: String, _ ticket: CircuitBreaker.Ticket) {
            self.health = health
            self.backend = backend
            self.ticket = Mutex(ticket)
        }

        deinit { report(.unknown) }

        /// What became of the request; the first word counts.
        func report(_ outcome: CircuitBreaker.Outcome) {
            let ticket = ticket.withLock { ticket in
                defer { ticket = nil }
                return ticket
            }
            if let ticket { health.report(outcome, backend, ticket) }
        }
    }
    private let settings: ProxySettings.Breaker
    private let breakers = Mutex<[String: CircuitBreaker]>([:])
    private let onChange: @Sendable (_ backend: String, _ level: Int) -> Void

    /// - Parameter onChange: told of each change of a backend's level: 0 requests go through, 1 one tries it, 2 none does.
    init(_ settings: ProxySettings.Breaker, onChange: @escaping @Sendable (_ backend: String, _ level: Int) -> Void = { _, _ in }) {
        self.settings = settings
        self.onChange = onChange
    }

    /// - Throws: 529 where the backend is left alone for now.
    func admit(_ backend: String) throws(AnthropicError) -> Pass {
        let admission = change(backend) { $0.admit(at: .now) }
        switch admission {
        case .admitted(let ticket): return Pass(self, backend, ticket)
        case .refused(let pause):
            let seconds = max(1, Int(pause.components.seconds) + (pause.components.attoseconds > 0 ? 1 : 0))
            throw AnthropicError(
                .overloaded, "the backend `\(backend)` has failed \(settings.failures) times in a row and is left alone for now", retryAfter: seconds)
        }
    }

    private func report(_ outcome: CircuitBreaker.Outcome, _ backend: String, _ ticket: CircuitBreaker.Ticket) {
        change(backend) { $0.report(outcome, ticket, at: .now) }
    }

    private func change<Result: Sendable>(_ backend: String, _ body: (inout CircuitBreaker) -> Result) -> Result {
        breakers.withLock { breakers in
            var breaker = breakers[backend] ?? CircuitBreaker(settings)
            let before = breaker.level
            let result = body(&breaker)
            breakers[backend] = breaker
            if breaker.level != before { onChange(backend, breaker.level) }
            return result
        }
    }
}

extension CircuitBreaker {
    fileprivate var level: Int {
        switch state {
        case .closed: 0
        case .trial: 1
        case .open: 2
        }
    }
}
