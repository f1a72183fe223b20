import Locking

/// Lets a bounded number of requests through to one server at once; the others wait in the order in which they came.
final class Turnstile: Sendable {
    /// A place at the server; given back when it is let go.
    final class Place: Sendable {
        private let turnstile: Turnstile
        fileprivate init(_ turnstile: Turnstile) { self.turnstile = turnstile }
        deinit { turnstile.leave() }
    }
    private struct State {
        var free: Int
        var waiting: [(id: Int, continuation: AsyncStream<Void>.Continuation)] = []
        var next = 0
    }
    private let state: Mutex<State>

    init(places: Int) { state = Mutex(State(free: places)) }

    func enter() async throws -> Place {
        let (stream, continuation) = AsyncStream<Void>.makeStream()
        let id: Int? = state.withLock { state in
            if state.free > 0 {
                state.free -= 1
                return nil
            }
            state.next += 1
            state.waiting.append((state.next, continuation))
            return state.next
        }
        guard let id else { return Place(self) }
        for await _ in stream { return Place(self) }
        // Cancelled. The place may have been given at the same moment: then it goes on to the next.
        let wasWaiting = state.withLock { state in
            let count = state.waiting.count
            state.waiting.removeAll { $0.id == id }
            return state.waiting.count < count
        }
        if !wasWaiting { leave() }
        throw CancellationError()
    }

    private func leave() {
        let next = state.withLock { state -> AsyncStream<Void>.Continuation? in
            guard !state.waiting.isEmpty else {
                state.free += 1
                return nil
            }
            return state.waiting.removeFirst().continuation
        }
        next?.yield()
        next?.finish()
    }
}

/// One for each backend whose server needs it.
struct Turnstiles: Sendable {
    private let byBackend: [String: Turnstile]

    init(_ backends: [ResolvedBackend]) {
        byBackend = Dictionary(
            backends.compactMap { backend in backend.dialect.maximumConcurrent.map { (backend.name, Turnstile(places: $0)) } },
            uniquingKeysWith: { first, _ in first })
    }

    func enter(_ backend: ResolvedBackend) async throws -> Turnstile.Place? { try await byBackend[backend.name]?.enter() }
}
