/// The supervisor's control API: HTTP/1.1 over the Unix socket `Instance.controlSocket`, bodies in JSON.
///
/// | request | answer |
/// |---|---|
/// | `GET /v1/status` | `StatusReport` |
/// | `GET /v1/plan` | `CurrentPlan`; 404 where no generation is current |
/// | `GET /v1/history` | a list of `HistoryEntry`, newest first |
/// | `GET /v1/logs?service=NAME&lines=N&follow=BOOL` | events, each a `LogLine`; ends after the last line unless it follows |
/// | `GET /v1/events` | events, each a `ProgressEvent`, until the caller leaves |
/// | `GET /v1/attach` | an event stream without end: the caller counts as a client of the stack while it holds it |
/// | `POST /v1/preflight` of `ApplyRequest` | `PreflightReport`; nothing is touched |
/// | `POST /v1/apply` of `ApplyRequest` | events, each a `ProgressEvent`; the last has the `outcome` |
/// | `POST /v1/rollback` of `RollbackRequest` | as for apply |
/// | `POST /v1/gc` of `GCRequest` | `GCReport`: old generations and the plans that only they had are gone |
/// | `POST /v1/down` of `DownRequest` | as for apply |
/// | `POST /v1/restart` of `RestartRequest` | `ServiceStatus`, as soon as the restart has begun; the name `supervisor` means itself |
///
/// Events are server-sent events whose `data` is one JSON text. A status of 400 or more has a `ControlError` as its body.
public enum ControlAPI {
    public static let status = "/v1/status"
    public static let plan = "/v1/plan"
    public static let history = "/v1/history"
    public static let logs = "/v1/logs"
    public static let events = "/v1/events"
    public static let attach = "/v1/attach"
    public static let preflight = "/v1/preflight"
    public static let apply = "/v1/apply"
    public static let rollback = "/v1/rollback"
    public static let down = "/v1/down"
    public static let restart = "/v1/restart"
    public static let gc = "/v1/gc"
}

/// The body of `POST /v1/restart`.
public struct RestartRequest: Codable, Sendable, Equatable {
    /// No service has this name: the supervisor's program is executed anew, and no service is touched.
    public static let supervisor = "supervisor"

    public var service: String
    public var command: String

    public init(service: String, command: String) {
        self.service = service
        self.command = command
    }
}

/// The body of `POST /v1/gc`.
public struct GCRequest: Codable, Sendable, Equatable {
    /// How many good generations stay besides the current one.
    public var keep: Int

    public init(keep: Int) { self.keep = keep }
}

/// What `POST /v1/gc` removed.
public struct GCReport: Codable, Sendable, Equatable {
    public var generations: [Int]
    public var plans: Int

    public init(generations: [Int], plans: Int) {
        self.generations = generations
        self.plans = plans
    }
}

/// The body of `POST /v1/down`.
public struct DownRequest: Codable, Sendable, Equatable {
    public var command: String

    public init(command: String) { self.command = command }
}

/// One line of a service's output.
public struct LogLine: Codable, Sendable, Equatable {
    public var service: String
    public var line: String

    public init(service: String, line: String) {
        self.service = service
        self.line = line
    }
}
