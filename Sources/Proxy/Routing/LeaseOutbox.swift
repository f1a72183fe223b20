import Control
import Dispatch
import Locking

/// Lines to the supervisor, written by a thread of their own: while the supervisor is away nobody reads them, the socket's buffer
/// fills, and nobody here may wait for it.
///
/// A release takes back an acquire that was not sent yet, so that no more lines wait than leases are or were held.
final class LeaseOutbox: Sendable {
    private struct State {
        var waiting: [LeaseRequest] = []
        var isWriting = false
        var isOpen = true
    }
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "anyclaude.leases.out")
    private let write: @Sendable (LeaseRequest) -> Bool

    /// - Parameter write: sends one line, however long that takes; false where the connection has ended.
    init(write: @escaping @Sendable (LeaseRequest) -> Bool) { self.write = write }

    /// - Returns: false where the connection has ended.
    func add(_ request: LeaseRequest) -> Bool {
        let (isOpen, begins) = state.withLock { state -> (Bool, Bool) in
            guard state.isOpen else { return (false, false) }
            if request.operation == .release, let unsent = state.waiting.firstIndex(where: { $0.id == request.id && $0.operation == .acquire }) {
                state.waiting.remove(at: unsent)
                return (true, false)
            }
            state.waiting.append(request)
            defer { state.isWriting = true }
            return (true, !state.isWriting)
        }
        if begins { queue.async { self.drain() } }
        return isOpen
    }

    /// Nothing more is sent.
    func close() {
        state.withLock { state in
            state.isOpen = false
            state.waiting = []
        }
    }

    /// Lines that are not sent yet.
    var count: Int { state.withLock { $0.waiting.count } }

    private func drain() {
        while let next = next() {
            guard write(next) else { return close() }
        }
    }

    private func next() -> LeaseRequest? {
        state.withLock { state in
            guard state.isOpen, !state.waiting.isEmpty else {
                state.isWriting = false
                return nil
            }
            return state.waiting.removeFirst()
        }
    }
}
