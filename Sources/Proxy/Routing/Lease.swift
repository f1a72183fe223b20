import Control
import Messages
import Synchronization

/// The use of one service by one request.
final class Lease: Sendable {
    /// What the supervisor has said, and who waits to hear more.
    final class Shared: Sendable {
        private struct State {
            var service = ""
            var reply: LeaseReply?
            var changes = 0
            var waiters: [AsyncStream<Void>.Continuation] = []
        }
        private let state = Mutex(State())

        var reply: LeaseReply? { state.withLock { $0.reply } }
        var changes: Int { state.withLock { $0.changes } }
        var service: String {
            get { state.withLock { $0.service } }
            set { state.withLock { $0.service = newValue } }
        }

        func set(_ reply: LeaseReply) {
            let waiters = state.withLock { state in
                state.reply = reply
                state.changes += 1
                defer { state.waiters = [] }
                return state.waiters
            }
            for waiter in waiters { waiter.finish() }
        }

        /// Returns when there is more than `seen` changes, or the task is cancelled.
        func change(after seen: Int) async {
            let (stream, continuation) = AsyncStream<Void>.makeStream()
            let isThere = state.withLock { state in
                if state.changes > seen { return true }
                state.waiters.append(continuation)
                return false
            }
            if isThere { return }
            for await _ in stream {}
        }
    }

    private let id: Int
    private let service: String
    private let shared: Shared
    private let connection: LeaseConnection

    init(id: Int, service: String, shared: Shared, connection: LeaseConnection) {
        self.id = id
        self.service = service
        self.shared = shared
        self.connection = connection
        shared.service = service
    }

    deinit { connection.release(id, service: service) }

    /// A supervisor that lives answers within a millisecond; without an answer for this long it is away.
    private static let silence = Duration.milliseconds(500)

    /// Waits until the service is ready. The caller bounds the wait by cancelling it. While the supervisor is away, the place where
    /// the service was last is used, if there was one: services outlive their supervisor.
    ///
    /// - Throws: 529 where the supervisor has given the service up.
    func endpoint() async throws -> LeaseEndpoint {
        if shared.reply == nil {
            try await news(after: 0, within: Self.silence)
            if shared.reply == nil, let last = connection.lastEndpoint(of: service) { return last }
        }
        while true {
            try Task.checkCancellation()
            let seen = shared.changes
            if let reply = shared.reply {
                if reply.state == .ready, let endpoint = reply.endpoint { return endpoint }
                if reply.state == .failed {
                    let reason = reply.message.map { ": \($0)" } ?? ""
                    throw AnthropicError(.overloaded, "the service `\(service)` has failed\(reason); see `anyclaude logs \(service)`", retryAfter: 10)
                }
            }
            await shared.change(after: seen)
        }
    }

    /// After a connection that failed: waits for news of the service, but no longer than a moment, since the supervisor may not
    /// have seen yet what happened.
    func news() async throws { try await news(after: shared.changes, within: .milliseconds(200)) }

    private func news(after seen: Int, within limit: Duration) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await self.shared.change(after: seen) }
            group.addTask { try await Task.sleep(for: limit) }
            try await group.next()
            group.cancelAll()
        }
    }
}
