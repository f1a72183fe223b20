import Locking

/// What other threads tell the engine's.
final class Inbox: Sendable {
    struct Messages: Sendable {
        var arrivals: [WaitingRequest] = []
        var cancelled: Set<Int> = []
        var isStopping = false
    }

    private struct State {
        var messages = Messages()
        /// Requests that wait for a place in the batch, here or with the engine.
        var waiting = 0
        var nextID = 0
        var isStopped = false
        var onStopped: [CheckedContinuation<Void, Never>] = []
        var refused = 0
    }

    private let state = Mutex(State())
    private let signal = Signal()
    private let maxQueue: Int

    init(maxQueue: Int) { self.maxQueue = maxQueue }

    /// An id for a request.
    func makeID() -> Int {
        state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
    }

    func submit(_ waiting: WaitingRequest) throws(EngineError) {
        let failure: EngineError? = state.withLock { state in
            if state.messages.isStopping || state.isStopped { return .shuttingDown }
            guard state.waiting < maxQueue else {
                state.refused += 1
                return .queueFull(limit: maxQueue)
            }
            state.waiting += 1
            state.messages.arrivals.append(waiting)
            return nil
        }
        if let failure { throw failure }
        signal.raise()
    }

    func cancel(_ id: Int) {
        let isNews = state.withLock { state in
            guard !state.isStopped else { return false }
            state.messages.cancelled.insert(id)
            return true
        }
        if isNews { signal.raise() }
    }

    func stop() {
        state.withLock { $0.messages.isStopping = true }
        signal.raise()
    }

    func waitUntilStopped() async {
        await withCheckedContinuation { continuation in
            let isStopped = state.withLock { state in
                if !state.isStopped { state.onStopped.append(continuation) }
                return state.isStopped
            }
            if isStopped { continuation.resume() }
        }
    }

    var waiting: Int { state.withLock { $0.waiting } }
    var refused: Int { state.withLock { $0.refused } }

    // MARK: The engine's side

    func take() -> Messages {
        state.withLock { state in
            let messages = state.messages
            state.messages = Messages(isStopping: messages.isStopping)
            return messages
        }
    }

    func sleep() { signal.wait() }

    /// So many requests left the queue: admitted, cancelled or ended.
    func left(_ count: Int) { state.withLock { $0.waiting -= count } }

    /// So many requests wait again.
    func returned(_ count: Int) { state.withLock { $0.waiting += count } }

    func stopped() {
        let waiting = state.withLock { state in
            state.isStopped = true
            let waiting = state.onStopped
            state.onStopped = []
            return waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}
