/// How a supervisor is started.
public struct SupervisorOptions: Sendable {
    public var instance: String
    /// End when the last attached client has gone; or when none came within `attachDeadlineMs`.
    public var untilIdle: Bool
    /// Start nothing by itself: adopt what runs, and wait for an apply.
    public var idle: Bool
    /// A descriptor with an `ApplyRequest` as JSON, applied where no generation is current; closed when it has been read.
    public var initialPlan: Int32?

    public init(instance: String, untilIdle: Bool = false, idle: Bool = false, initialPlan: Int32? = nil) {
        self.instance = instance
        self.untilIdle = untilIdle
        self.idle = idle
        self.initialPlan = initialPlan
    }

    static let attachDeadlineMs = 60_000
}
