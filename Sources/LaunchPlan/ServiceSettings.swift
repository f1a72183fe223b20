import JSON

/// The document in the descriptor `settings`: a service's own section and where the plan's roots are on this machine.
public struct ServiceSettings<Settings: Codable & Sendable>: Codable, Sendable {
    public var instance: String
    public var service: String
    public var bindings: [String: String]
    public var settings: Settings

    public init(instance: String, service: String, bindings: PlanPath.Bindings, settings: Settings) {
        self.instance = instance
        self.service = service
        self.bindings = Dictionary(uniqueKeysWithValues: bindings.map { ($0.key.rawValue, $0.value) })
        self.settings = settings
    }

    public var roots: PlanPath.Bindings {
        Dictionary(uniqueKeysWithValues: bindings.compactMap { key, value in PlanPath.Root(rawValue: key).map { ($0, value) } })
    }
}

/// The names of the descriptors that a service of ours is started with.
public enum DescriptorName {
    /// `ServiceSettings` as JSON in a sealed memfd.
    public static let settings = "settings"
    /// A JSON object of secrets by id in a sealed memfd.
    public static let secrets = "secrets"
    /// A connected stream socket to the supervisor: JSON lines of `LeaseRequest` and `LeaseReply`.
    public static let lease = "lease"
    /// The supervisor's end of that socket, in the process that only keeps it for the next supervisor.
    public static let leaseKeeper = "lease-keeper"
    /// The listener for clients.
    public static let http = "http"
    /// The listener for probes and metrics of this instance alone.
    public static let probe = "probe"
}
