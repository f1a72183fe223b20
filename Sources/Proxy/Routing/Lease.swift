import Control
import Locking
import Messages

/// The use of one service by one request.
final class Lease: Sendable {
    /// What the supervisor has said, and who waits to hear more.
    final class Shared: Sendable {
        let service: String
        private let observed = Observed<LeaseReply?>(nil)

        init(service: String) { self.service = service }

        var reply: LeaseReply? { observed.value }
        var changes: Int { observed.changes }
        var waiters: Int { observed.waiters }

        func set(_ reply: LeaseReply) { observed.set(reply) }

        /// Returns when there is more than `seen` changes, or the task is cancelled.
        func change(after seen: Int) async { await observed.change(after: seen) }
    }

    private let shared: Shared
    private let presence: SupervisorPresence
    private let last: @Sendable () -> LeaseEndpoint?
    private let release: @Sendable (LeaseRequest.Outcome?) -> Void
    private let outcome = Mutex<LeaseRequest.Outcome?>(nil)

    /// - Parameters:
    ///   - last: where the supervisor last said that the service is.
    ///   - release: called when the lease is let go.
    init(
        _ shared: Shared, presence: SupervisorPresence, last: @escaping @Sendable () -> LeaseEndpoint?,
        release: @escaping @Sendable (LeaseRequest.Outcome?) -> Void
    ) {
        self.shared = shared
        self.presence = presence
        self.last = last
        self.release = release
    }

    deinit { release(outcome.withLock { $0 }) }

    /// Says how far the service is, in the supervisor's words; nil where it says nothing. It does not hold the lease.
    var progress: @Sendable () -> String? {
        let shared = shared
        return { shared.reply?.message }
    }

    /// How the request went that the lease is for, nil where that says nothing of the service; said when it is let go.
    func note(_ outcome: LeaseRequest.Outcome?) { self.outcome.withLock { $0 = outcome } }

    /// A supervisor that lives answers within a millisecond; without an answer for this long it is away.
    private static let silence = Duration.milliseconds(500)

    /// Waits until the service is ready. The caller bounds the wait by cancelling it. While the supervisor is away, the place where
    /// the service was last is used, if there was one: services outlive their supervisor.
    ///
    /// - Throws: 529 where the supervisor has given the service up.
    func endpoint() async throws -> LeaseEndpoint {
        if shared.reply == nil {
            if presence.isAway, let last = last() { return last }
            try await news(after: 0, within: Self.silence)
            if shared.reply == nil {
                presence.wasSilent()
                if let last = last() { return last }
            }
        }
        while true {
            try Task.checkCancellation()
            let seen = shared.changes
            if let reply = shared.reply {
                if reply.state == .ready, let endpoint = reply.endpoint { return endpoint }
                if reply.state == .failed {
                    let reason = reply.message.map { ": \($0)" } ?? ""
                    throw AnthropicError(
                        .overloaded, "the service `\(shared.service)` has failed\(reason); see `anyclaude logs \(shared.service)`", retryAfter: 10)
                }
            }
            await shared.change(after: seen)
        }
    }

    /// The same for those who do not wait long.
    ///
    /// - Returns: nil where the service is not ready within `limit`.
    func endpoint(within limit: Duration) async throws -> LeaseEndpoint? {
        try await withThrowingTaskGroup(of: LeaseEndpoint?.self) { group in
            group.addTask { try await self.endpoint() }
            group.addTask {
                try await Task.sleep(for: limit)
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
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
