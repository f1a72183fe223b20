/// When a service counts as started, ready and alive. Absent probes always pass: with none of them, running is ready.
public struct Probes: Codable, Sendable, Equatable {
    /// Repeated until it passes once; the other probes wait for it. Its `deadlineMs` is the time a start may take.
    public var startup: Probe?
    /// Traffic and dependants wait for it; it never restarts the service. A time-out does not count while a request is in flight.
    public var readiness: Probe?
    /// `failures` misses in a row restart the service; a miss that was a time-out does not count while a request is in flight. A `post` is
    /// not asked then at all: it is a request itself, and would wait behind the others or disturb them.
    public var liveness: Probe?

    public init(startup: Probe? = nil, readiness: Probe? = nil, liveness: Probe? = nil) {
        self.startup = startup
        self.readiness = readiness
        self.liveness = liveness
    }
}

public struct Probe: Codable, Sendable, Equatable {
    public enum Check: Codable, Sendable, Equatable {
        /// GET `path`; passes with a status of 200 to 399.
        case http(path: String, at: Endpoint)
        /// POST a JSON body; passes with a status of 200 to 399.
        case post(path: String, body: String, at: Endpoint)
        /// A connection is accepted.
        case tcp(at: Endpoint)
        /// A program ends with 0.
        case exec(argv: [PlanValue])
    }
    public var check: Check
    public var periodMs: Int
    public var timeoutMs: Int
    /// Misses in a row that count as failed.
    public var failures: Int
    /// Startup only: the whole time that a start may take.
    public var deadlineMs: Int?

    public init(check: Check, periodMs: Int, timeoutMs: Int, failures: Int, deadlineMs: Int? = nil) {
        self.check = check
        self.periodMs = periodMs
        self.timeoutMs = timeoutMs
        self.failures = failures
        self.deadlineMs = deadlineMs
    }

    enum CodingKeys: String, CodingKey {
        case check, failures
        case periodMs = "period_ms"
        case timeoutMs = "timeout_ms"
        case deadlineMs = "deadline_ms"
    }
}

/// After an exit that was not asked for: wait `initialMs`, then twice as long each time up to `maxMs`, with up to 25 % jitter;
/// back to the start after a run of `resetAfterMs`. More than `failures` exits `withinMs` give up: the service is `failed`,
/// and is tried again each `slowRetryMs`.
public struct RestartPolicy: Codable, Sendable, Equatable {
    public var initialMs: Int
    public var maxMs: Int
    public var resetAfterMs: Int
    public var failures: Int
    public var withinMs: Int
    public var slowRetryMs: Int

    public init(
        initialMs: Int = 0, maxMs: Int = 60_000, resetAfterMs: Int = 60_000, failures: Int = 10, withinMs: Int = 300_000, slowRetryMs: Int = 300_000
    ) {
        self.initialMs = initialMs
        self.maxMs = maxMs
        self.resetAfterMs = resetAfterMs
        self.failures = failures
        self.withinMs = withinMs
        self.slowRetryMs = slowRetryMs
    }

    enum CodingKeys: String, CodingKey {
        case failures
        case initialMs = "initial_ms"
        case maxMs = "max_ms"
        case resetAfterMs = "reset_after_ms"
        case withinMs = "within_ms"
        case slowRetryMs = "slow_retry_ms"
    }
}

/// SIGTERM to the process group, then SIGKILL when it is not empty after `timeoutMs`.
public struct StopPolicy: Codable, Sendable, Equatable {
    public var timeoutMs: Int
    public init(timeoutMs: Int = 30_000) { self.timeoutMs = timeoutMs }
    enum CodingKeys: String, CodingKey { case timeoutMs = "timeout_ms" }
}

/// On demand: started by the first lease, and stopped where nobody holds one for `stopAfterMs`, or where the memory budget needs its room.
public struct IdlePolicy: Codable, Sendable, Equatable {
    /// Nil where only the memory budget stops it.
    public var stopAfterMs: Int?

    public init(stopAfterMs: Int? = nil) { self.stopAfterMs = stopAfterMs }

    enum CodingKeys: String, CodingKey { case stopAfterMs = "stop_after_ms" }
}

public struct Resources: Codable, Sendable, Equatable {
    public var memoryBytes: Int?
    public var threads: Int?
    /// The processors that the process may run on, ascending; nil for all that the supervisor may.
    public var cpus: [Int]?

    public init(memoryBytes: Int? = nil, threads: Int? = nil, cpus: [Int]? = nil) {
        self.memoryBytes = memoryBytes
        self.threads = threads
        self.cpus = cpus
    }

    enum CodingKeys: String, CodingKey {
        case threads, cpus
        case memoryBytes = "memory_bytes"
    }
}

/// What is kept of a service's output: `file` in the logs folder, rotated at `maxBytes`, `maxFiles` old ones kept.
public struct LogPolicy: Codable, Sendable, Equatable {
    public enum WhenFull: String, Codable, Sendable { case wait, drop }
    /// The name in the logs folder; `<service>.log` where nil.
    public var file: String?
    public var maxBytes: Int
    public var maxFiles: Int
    public var whenFull: WhenFull

    public init(file: String? = nil, maxBytes: Int = 16 << 20, maxFiles: Int = 5, whenFull: WhenFull = .wait) {
        self.file = file
        self.maxBytes = maxBytes
        self.maxFiles = maxFiles
        self.whenFull = whenFull
    }

    enum CodingKeys: String, CodingKey {
        case file
        case maxBytes = "max_bytes"
        case maxFiles = "max_files"
        case whenFull = "when_full"
    }
}
