import Control
import Host
import LaunchPlan

/// A change that somebody asked for, from the request to its outcome. It goes on when the caller leaves.
final class ApplySession {
    enum Kind: Equatable { case apply, rollback, down }

    let kind: Kind
    let user: String
    let command: String
    let startedAt = EventLoop.now
    var reply: ControlReply?
    /// What is to be current when it succeeds.
    var generation: Generation?
    var plan: LaunchPlan?
    /// With the values that were sent, where any were: the instance's when it succeeds.
    var secrets: SecretStore?
    /// The stack outlives its clients when it succeeds.
    var stays = false
    /// Of the plan that the supervisor was started with: without it there is nothing to keep alive.
    var isInitial = false
    /// What it succeeds in spite of.
    var warnings: [String] = []
    /// The last words of the service that failed.
    var logTail: [String]?

    init(kind: Kind, user: String, command: String, reply: ControlReply?) {
        self.kind = kind
        self.user = user
        self.command = command
        self.reply = reply
    }

    var elapsedMs: Int { EventLoop.now - startedAt }
}
