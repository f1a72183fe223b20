/// The answer to `GET /v1/status`.
public struct StatusReport: Codable, Sendable, Equatable {
    public var apiVersion = 1
    public var version: String
    public var instance: String
    public var pid: Int
    /// Milliseconds since the machine's start when this image of the supervisor began: an upgrade keeps the pid. Absent in older versions.
    public var startedMs: Int?
    /// The generation that is current; nil where none is.
    public var generation: Int?
    public var planId: String?
    /// An apply or rollback is under way.
    public var busy: Bool
    /// The folder of the configuration that was applied.
    public var configDirectory: String?
    /// The stack ends with its last attached client: `run` started it, and nothing was applied for longer. Absent means no.
    public var endsWithLastClient: Bool?
    public var services: [ServiceStatus]

    public init(
        version: String, instance: String, pid: Int, startedMs: Int? = nil, generation: Int?, planId: String?, busy: Bool, configDirectory: String?,
        endsWithLastClient: Bool? = nil, services: [ServiceStatus]
    ) {
        self.version = version
        self.instance = instance
        self.pid = pid
        self.startedMs = startedMs
        self.generation = generation
        self.planId = planId
        self.busy = busy
        self.configDirectory = configDirectory
        self.endsWithLastClient = endsWithLastClient
        self.services = services
    }

    enum CodingKeys: String, CodingKey {
        case version, instance, pid, generation, busy, services
        case apiVersion = "api_version"
        case startedMs = "started_ms"
        case planId = "plan_id"
        case configDirectory = "config_directory"
        case endsWithLastClient = "ends_with_last_client"
    }
}

public enum ServiceState: String, Codable, Sendable, CaseIterable {
    /// Runs on demand, and nobody needs it.
    case idle
    /// Not started: a dependency is not ready yet.
    case waiting
    /// Runs, and has not yet been ready.
    case starting
    case ready
    /// Was ready; its readiness probe fails now.
    case unready
    /// Ended by itself; starts again after a pause.
    case backoff
    /// Gave up after too many exits; tried again slowly.
    case failed
    case stopping
    case stopped
}

public struct ServiceStatus: Codable, Sendable, Equatable {
    public var name: String
    public var role: String
    public var state: ServiceState
    public var pid: Int?
    /// Since the process was started.
    public var uptimeMs: Int?
    /// Starts after the first one, in this supervisor's life.
    public var restarts: Int
    /// How the last process ended, as `exit 1`, `signal 9` or `unknown`.
    public var lastExit: String?
    /// What it is doing or why it failed, for people (the STATUS= line of the service where it sent one).
    public var message: String?
    /// `host:port` or a socket's path, once ready.
    public var endpoint: String?
    /// The path of its private socket, for probes and for questions about itself, while it runs. Absent where it has none.
    public var privateSocket: String?

    public init(
        name: String, role: String, state: ServiceState, pid: Int? = nil, uptimeMs: Int? = nil, restarts: Int = 0, lastExit: String? = nil,
        message: String? = nil, endpoint: String? = nil, privateSocket: String? = nil
    ) {
        self.name = name
        self.role = role
        self.state = state
        self.pid = pid
        self.uptimeMs = uptimeMs
        self.restarts = restarts
        self.lastExit = lastExit
        self.message = message
        self.endpoint = endpoint
        self.privateSocket = privateSocket
    }

    enum CodingKeys: String, CodingKey {
        case name, role, state, pid, restarts, message, endpoint
        case uptimeMs = "uptime_ms"
        case lastExit = "last_exit"
        case privateSocket = "private_socket"
    }
}
