import LaunchPlan
import Locking
import Messages

/// Lets a bounded number of requests through to one server at once; the others wait, those of different sessions in turn.
final class Turnstile: Sendable {
    /// A place at the server; given back when it is let go.
    final class Place: Sendable {
        private let turnstile: Turnstile
        fileprivate init(_ turnstile: Turnstile) { self.turnstile = turnstile }
        deinit { turnstile.leave() }
    }
    private struct State {
        var free: Int
        var waiting = FairQueue<AsyncStream<Void>.Continuation>()
    }
    private enum Entrance {
        case free
        case waits((flow: String, number: Int))
        case full
    }
    private let state: Mutex<State>
    private let maximumWaiting: Int

    init(places: Int, maximumWaiting: Int = .max) {
        state = Mutex(State(free: places))
        self.maximumWaiting = maximumWaiting
    }

    var waiting: Int { state.withLock { $0.waiting.count } }

    /// - Parameters:
    ///   - flow: whose requests wait behind one another.
    ///   - rank: the least of a flow goes first.
    /// - Throws: 529 where too many wait already.
    func enter(flow: String = "", rank: Int = 0) async throws -> Place {
        let (stream, continuation) = AsyncStream<Void>.makeStream()
        let entrance: Entrance = state.withLock { state in
            if state.free > 0 {
                state.free -= 1
                return .free
            }
            guard state.waiting.count < maximumWaiting else { return .full }
            return .waits(state.waiting.add(continuation, flow: flow, rank: rank))
        }
        switch entrance {
        case .free: return Place(self)
        case .full:
            throw AnthropicError(.overloaded, "\(maximumWaiting) requests wait for a place already (proxy.limits.maxQueue)", retryAfter: 5)
        case .waits(let id):
            for await _ in stream { return Place(self) }
            // Cancelled. The place may have been given at the same moment: then it goes on to the next.
            if !state.withLock({ $0.waiting.remove(id) }) { leave() }
            throw CancellationError()
        }
    }

    private func leave() {
        let next = state.withLock { state -> AsyncStream<Void>.Continuation? in
            guard let next = state.waiting.next() else {
                state.free += 1
                return nil
            }
            return next
        }
        next?.yield()
        next?.finish()
    }
}

/// One for each backend that is asked a bounded number of requests at once: because it can take no more, or because the plan says so.
struct Turnstiles: Sendable {
    private static let usualQueue = 64
    private let byBackend: [String: Turnstile]

    init(_ backends: [ResolvedBackend], limits: ProxySettings.Limits) {
        let limited = backends.compactMap { backend -> (String, Turnstile)? in
            let places = [backend.dialect.maximumConcurrent, backend.settings.concurrency].compactMap { $0 }.min()
            return places.map { (backend.name, Turnstile(places: $0, maximumWaiting: limits.maxQueue ?? Self.usualQueue)) }
        }
        byBackend = Dictionary(limited, uniquingKeysWith: { first, _ in first })
    }

    /// - Returns: nil where nobody has to wait.
    func turnstile(of backend: ResolvedBackend) -> Turnstile? { byBackend[backend.name] }

    var waiting: Int { byBackend.values.reduce(0) { $0 + $1.waiting } }
}
