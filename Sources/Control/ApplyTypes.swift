import JSON
import LaunchPlan

/// The body of `POST /v1/apply`. The answer is a stream of server-sent events, each a `ProgressEvent`; the last has an `outcome`.
public struct ApplyRequest: Codable, Sendable, Equatable {
    public var envelope: PlanEnvelope
    /// Where the roots are for this caller: `config`, `home` and `bin`; the supervisor binds the others itself.
    public var bindings: [String: String]
    /// Values of the caller's environment that secret references name and the supervisor may not have.
    public var secrets: [String: String]
    /// Take over an instance whose current plan came from another folder.
    public var replace: Bool
    /// The whole apply, health gate included; the plan's own deadlines where nil.
    public var timeoutMs: Int?
    /// For the history: the command that asked.
    public var command: String
    /// Not only for the clients of a `run`: a stack that was to end with the last of them stays. Absent means no.
    public var stays: Bool?

    public init(
        envelope: PlanEnvelope, bindings: [String: String], secrets: [String: String], replace: Bool, timeoutMs: Int?, command: String,
        stays: Bool? = nil
    ) {
        self.envelope = envelope
        self.bindings = bindings
        self.secrets = secrets
        self.replace = replace
        self.timeoutMs = timeoutMs
        self.command = command
        self.stays = stays
    }

    enum CodingKeys: String, CodingKey {
        case envelope, bindings, secrets, replace, command, stays
        case timeoutMs = "timeout_ms"
    }
}

/// The body of `POST /v1/rollback`; answered like an apply.
public struct RollbackRequest: Codable, Sendable, Equatable {
    /// The generation to return to; the last committed one before the current where nil.
    public var generation: Int?
    public var command: String

    public init(generation: Int?, command: String) {
        self.generation = generation
        self.command = command
    }
}

/// One step of an apply, a rollback or a stop, in order.
public struct ProgressEvent: Codable, Sendable, Equatable {
    public enum Kind: String, Codable, Sendable { case preflight, diff, service, gate, rollback, outcome }
    public var kind: Kind
    /// Since the request came.
    public var elapsedMs: Int
    public var service: String?
    public var state: ServiceState?
    public var message: String?
    public var outcome: Outcome?
    public var diff: PlanDiff?
    /// For `preflight`: every check and what was found.
    public var preflight: PreflightReport?

    public init(
        kind: Kind, elapsedMs: Int, service: String? = nil, state: ServiceState? = nil, message: String? = nil, outcome: Outcome? = nil,
        diff: PlanDiff? = nil, preflight: PreflightReport? = nil
    ) {
        self.kind = kind
        self.elapsedMs = elapsedMs
        self.service = service
        self.state = state
        self.message = message
        self.outcome = outcome
        self.diff = diff
        self.preflight = preflight
    }

    enum CodingKeys: String, CodingKey {
        case kind, service, state, message, outcome, diff, preflight
        case elapsedMs = "elapsed_ms"
    }
}

/// How an apply, a rollback or a stop ended. `exitCode` is the process exit code that facts and help texts promise.
public struct Outcome: Codable, Sendable, Equatable {
    public enum Result: String, Codable, Sendable {
        case committed
        case unchanged
        case rolledBack = "rolled-back"
        /// The rollback failed too.
        case failed
        /// Nothing was touched: preflight, a stale base, another folder's plan, a tampered plan.
        case refused
        case stopped
    }
    public var result: Result
    public var exitCode: Int
    public var generation: Int?
    public var planId: String?
    /// Why it ended so; of one that was committed, which services of the plan are not ready, where any are not.
    public var reason: String?
    public var hint: String?
    /// The last lines of the service that failed.
    public var logTail: [String]
    /// How long each `stop-first` service did not serve.
    public var gapsMs: [String: Int]

    public init(
        result: Result, exitCode: Int, generation: Int? = nil, planId: String? = nil, reason: String? = nil, hint: String? = nil,
        logTail: [String] = [],
        gapsMs: [String: Int] = [:]
    ) {
        self.result = result
        self.exitCode = exitCode
        self.generation = generation
        self.planId = planId
        self.reason = reason
        self.hint = hint
        self.logTail = logTail
        self.gapsMs = gapsMs
    }

    enum CodingKeys: String, CodingKey {
        case result, generation, reason, hint
        case exitCode = "exit_code"
        case planId = "plan_id"
        case logTail = "log_tail"
        case gapsMs = "gaps_ms"
    }
}

/// One line of `GET /v1/history`, newest first.
public struct HistoryEntry: Codable, Sendable, Equatable {
    public var generation: Int?
    public var planId: String?
    /// RFC 3339, UTC.
    public var time: String
    public var user: String
    public var command: String
    public var outcome: Outcome.Result
    public var reason: String?

    public init(generation: Int?, planId: String?, time: String, user: String, command: String, outcome: Outcome.Result, reason: String?) {
        self.generation = generation
        self.planId = planId
        self.time = time
        self.user = user
        self.command = command
        self.outcome = outcome
        self.reason = reason
    }

    enum CodingKeys: String, CodingKey {
        case generation, time, user, command, outcome, reason
        case planId = "plan_id"
    }
}

/// The answer to `GET /v1/plan`: what is current, and what the next plan is compared with.
public struct CurrentPlan: Codable, Sendable, Equatable {
    public var generation: Int
    public var envelope: PlanEnvelope
    public var bindings: [String: String]

    public init(generation: Int, envelope: PlanEnvelope, bindings: [String: String]) {
        self.generation = generation
        self.envelope = envelope
        self.bindings = bindings
    }
}

/// The body of every answer with a status of 400 or more.
public struct ControlError: Codable, Sendable, Equatable, Error, CustomStringConvertible {
    public var message: String
    public var hint: String?
    public var exitCode: Int

    public init(message: String, hint: String? = nil, exitCode: Int) {
        self.message = message
        self.hint = hint
        self.exitCode = exitCode
    }

    public var description: String { message }

    enum CodingKeys: String, CodingKey {
        case message, hint
        case exitCode = "exit_code"
    }
}
