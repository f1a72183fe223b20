import JSON

/// One supervised process: how it starts, what it listens on, when it is healthy, how it restarts and stops.
public struct Service: Codable, Sendable, Equatable {
    /// Lower-case letters, digits and `-`; unique in the plan, and the name of its log.
    public var name: String
    public var role: Role
    /// The program first. A relative program name is searched on PATH by the supervisor.
    public var argv: [PlanValue]
    /// Added to the supervisor's own clean environment (PATH, HOME, LANG, TZ, USER).
    public var environment: [String: PlanValue]
    /// The working directory; the configuration's folder where nil.
    public var directory: PlanPath?
    /// Files to write before each start, in the service's own private places.
    public var files: [GeneratedFile]
    /// What the program keeps on the disk between its runs, and has to be looked through before each start; nil where there is no such thing.
    public var store: KeptStore?
    /// What our own programs read from the descriptor `settings` (`ProxySettings`, `WorkerSettings`); nil for foreign programs.
    public var settings: JSON?
    /// Secrets for our own programs, by the ids that `settings` uses; delivered as descriptor `secrets`.
    public var secrets: [String: SecretReference]
    /// Listeners that the supervisor binds and passes on, named by `LISTEN_FDNAMES`.
    public var sockets: [ListenSocket]
    /// Where other services reach this one; handed out by lease, never configured in them.
    public var endpoint: Endpoint?
    /// Services that must be ready before this one starts.
    public var dependsOn: [String]
    /// The program says READY=1 on `NOTIFY_SOCKET`; it is not ready before.
    public var notifies: Bool
    public var probes: Probes
    public var restart: RestartPolicy
    public var stop: StopPolicy
    public var replace: ReplaceMode
    public var resources: Resources
    public var logs: LogPolicy
    /// The program may hold the descriptor `lease`, to ask for endpoints of other services.
    public var leases: Bool
    /// It runs while somebody uses it; nil where it always runs. Needs the feature `LaunchPlan.onDemand`.
    public var idle: IdlePolicy?

    enum CodingKeys: String, CodingKey {
        case name, role, argv, environment, directory, files, store, settings, secrets, sockets, endpoint, notifies, probes, restart, stop, replace
        case resources, logs, leases, idle
        case dependsOn = "depends_on"
    }

    public init(
        name: String, role: Role, argv: [PlanValue], environment: [String: PlanValue] = [:], directory: PlanPath? = nil,
        files: [GeneratedFile] = [], store: KeptStore? = nil, settings: JSON? = nil, secrets: [String: SecretReference] = [:],
        sockets: [ListenSocket] = [],
        endpoint: Endpoint? = nil, dependsOn: [String] = [], notifies: Bool = false, probes: Probes = Probes(),
        restart: RestartPolicy = RestartPolicy(), stop: StopPolicy = StopPolicy(), replace: ReplaceMode = .stopFirst,
        resources: Resources = Resources(), logs: LogPolicy = LogPolicy(), leases: Bool = false,
        idle: IdlePolicy? = nil
    ) {
        self.name = name
        self.role = role
        self.argv = argv
        self.environment = environment
        self.directory = directory
        self.files = files
        self.store = store
        self.settings = settings
        self.secrets = secrets
        self.sockets = sockets
        self.endpoint = endpoint
        self.dependsOn = dependsOn
        self.notifies = notifies
        self.probes = probes
        self.restart = restart
        self.stop = stop
        self.replace = replace
        self.resources = resources
        self.logs = logs
        self.leases = leases
        self.idle = idle
    }
}

public enum Role: String, Codable, Sendable { case proxy, worker }

/// How a changed service is exchanged.
public enum ReplaceMode: String, Codable, Sendable {
    /// The new instance becomes healthy while the old one serves; both fit the budget and share a listener of the supervisor's.
    case overlap
    /// The old instance is gone before the new one starts: there is a gap, and it is reported.
    case stopFirst = "stop-first"
}

/// A listener that outlives the processes that serve it.
public struct ListenSocket: Codable, Sendable, Equatable {
    public enum Address: Codable, Sendable, Equatable {
        /// A numeric address or a name that is resolved at apply, and a port.
        case tcp(host: String, port: Int)
        /// A Unix socket in the runtime directory, one for each instance of the service: for probes and metrics only.
        case `private`
    }
    /// The name in `LISTEN_FDNAMES`: `http` for clients, `probe` for the supervisor.
    public var name: String
    public var address: Address

    public init(name: String, address: Address) {
        self.name = name
        self.address = address
    }
}

/// Where a service answers.
public enum Endpoint: Codable, Sendable, Equatable, Hashable {
    /// One of its own sockets, by name.
    case socket(name: String)
    /// An address that the program binds by itself.
    case tcp(host: String, port: Int)
}

/// A file that the supervisor writes before a start: the concatenation of `contents`, readable by its owner alone.
public struct GeneratedFile: Codable, Sendable, Equatable {
    public var path: PlanPath
    public var contents: [PlanValue]

    public init(path: PlanPath, contents: [PlanValue]) {
        self.path = path
        self.contents = contents
    }
}
