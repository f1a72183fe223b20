import Messages
import Synchronization

/// The bound on requests in flight.
final class Gate: Sendable {
    /// A place; given back when it is let go.
    final class Permit: Sendable {
        private let gate: Gate
        fileprivate init(_ gate: Gate) { self.gate = gate }
        deinit { gate.count.subtract(1, ordering: .relaxed) }
    }
    private let count = Atomic(0)
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    var inFlight: Int { count.load(ordering: .relaxed) }

    func enter() throws(AnthropicError) -> Permit {
        guard count.add(1, ordering: .relaxed).newValue <= limit else {
            count.subtract(1, ordering: .relaxed)
            throw AnthropicError(.overloaded, "\(limit) requests are in flight, which is the limit of this proxy", retryAfter: 1)
        }
        return Permit(self)
    }
}
