import Locking
import Messages
import NIOCore
import Serving

/// Tells a client an answer's events as they come, on its connection's event loop: between a server's bytes and the client's, no task is
/// resumed. Where the client is behind, nothing is taken from the answer until it has caught up.
final class EventPump: Sendable {
    private struct State {
        /// The next turn of the event loop tells what there is.
        var isScheduled = false
        /// The client is behind.
        var isBlocked = false
        var end: Result<MessageEvent, any Error>?
        var waiting: CheckedContinuation<MessageEvent, any Error>?
    }
    private let state = Mutex(State())
    private let listener: Listener
    private let output: ImmediateOutput
    private let encode: @Sendable (ArraySlice<MessageEvent>) -> ByteBuffer

    /// - Parameter encode: the events as they go over the wire.
    init(_ listener: Listener, to output: ImmediateOutput, encode: @escaping @Sendable (ArraySlice<MessageEvent>) -> ByteBuffer) {
        self.listener = listener
        self.output = output
        self.encode = encode
    }

    /// - Returns: the last event, once it is written.
    /// - Throws: where the client has gone before, or the task is cancelled.
    func run() async throws -> MessageEvent {
        listener.follow { [weak self] in self?.schedule() }
        schedule()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let end = state.withLock { state in
                    if state.end == nil { state.waiting = continuation }
                    return state.end
                }
                if let end { continuation.resume(with: end) }
            }
        } onCancel: {
            finish(.failure(CancellationError()))
        }
    }

    /// What comes within one turn of the event loop is told at once.
    private func schedule() {
        let isFirst = state.withLock { state in
            guard !state.isScheduled, !state.isBlocked, state.end == nil else { return false }
            state.isScheduled = true
            return true
        }
        if isFirst { output.eventLoop.execute { self.tell() } }
    }

    private func tell() {
        let goesOn = state.withLock { state in
            state.isScheduled = false
            return state.end == nil
        }
        guard goesOn else { return }
        let (events, isOver) = listener.take()
        if isOver {
            // An answer that was told to its end before has nothing left to say.
            guard let last = events.last, last.isLast else { return finish(.failure(CancellationError())) }
            // News that comes while the last event is written is no news.
            state.withLock { $0.isBlocked = true }
            return output.writeLast(encode(events)).whenComplete { self.finish($0.map { last }) }
        }
        guard !events.isEmpty, let pending = output.write(encode(events)) else { return }
        state.withLock { $0.isBlocked = true }
        pending.whenComplete { result in
            self.state.withLock { $0.isBlocked = false }
            switch result {
            case .success: self.schedule()
            case .failure(let error): self.finish(.failure(error))
            }
        }
    }

    private func finish(_ end: Result<MessageEvent, any Error>) {
        let waiting = state.withLock { state -> CheckedContinuation<MessageEvent, any Error>? in
            guard state.end == nil else { return nil }
            state.end = end
            defer { state.waiting = nil }
            return state.waiting
        }
        waiting?.resume(with: end)
    }
}
