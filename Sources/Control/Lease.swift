import LaunchPlan

/// One line from a service to the supervisor on the descriptor `lease`.
///
/// A lease says that a service is in use. Its answer is where the service is now: endpoints come from here, never from settings.
public struct LeaseRequest: Codable, Sendable, Equatable {
    public enum Operation: String, Codable, Sendable { case acquire, release }
    /// Of the request that the lease was for, where it came to one: whether the service answered it, well or refusing, or failed at it
    /// (a status of 500 or more, a connection that broke off).
    public enum Outcome: String, Codable, Sendable { case answered, failed }
    /// Chosen by the caller; the same id ends the lease.
    public var id: Int
    public var operation: Operation
    public var service: String
    /// Of a release. Absent where nothing was asked.
    public var outcome: Outcome?

    public init(id: Int, operation: Operation, service: String, outcome: Outcome? = nil) {
        self.id = id
        self.operation = operation
        self.service = service
        self.outcome = outcome
    }
}

/// One line from the supervisor: progress while the service is not ready, then its endpoint, or why there is none.
///
/// Under `ownID` it speaks of the service that reads it: `stopping` before a SIGTERM that a successor is the reason of, so that what is
/// under way may take `drainMs`; `stopped` before one that nothing may outlast for longer than the service's own stop time-out.
public struct LeaseReply: Codable, Sendable, Equatable {
    public static let ownID = 0
    /// How long what is under way may take where an apply has replaced its service, or taken it away.
    public static let drainMs = 1_800_000

    public var id: Int
    public var state: ServiceState
    /// Set as soon as the service is ready. `tcp`, or a Unix socket's path.
    public var endpoint: LeaseEndpoint?
    public var message: String?

    public init(id: Int, state: ServiceState, endpoint: LeaseEndpoint? = nil, message: String? = nil) {
        self.id = id
        self.state = state
        self.endpoint = endpoint
        self.message = message
    }
}

public enum LeaseEndpoint: Codable, Sendable, Equatable, Hashable {
    case tcp(host: String, port: Int)
    case unix(path: String)
}
