import JSON

/// What a machine is to run: the contract between the compiler, which writes it, and the supervisor, which makes it true.
///
/// A value without time, host, user or source path: the same configuration gives the same bytes everywhere, and so the same id.
/// Durations are integer milliseconds (`…Ms`), sizes integer bytes (`…Bytes`).
public struct LaunchPlan: Codable, Sendable, Equatable {
    public static let formatName = "anyclaude.plan"
    public static let currentVersion = "1.0"
    /// Features of the format that this version can honour; a plan that requires another one is refused, not half applied.
    public static let knownFeatures: Set<String> = [onDemand]
    /// Services with an `IdlePolicy`.
    public static let onDemand = "on-demand"

    public var format = LaunchPlan.formatName
    public var formatVersion = LaunchPlan.currentVersion
    public var requiredFeatures: [String] = []
    /// The stack's name on the machine; each instance has its own state.
    public var instance: String
    /// Sorted by name; names are unique.
    public var services: [Service]
    /// What must hold before an apply; checked in the supervisor's own environment.
    public var preflight: [PreflightCheck]
    /// How long all services must stay healthy after the health gate before the plan is committed.
    public var probationMs: Int
    /// The memory that all services together may plan with.
    public var memoryBudgetBytes: Int?

    enum CodingKeys: String, CodingKey {
        case format, instance, services, preflight
        case formatVersion = "format_version"
        case requiredFeatures = "required_features"
        case probationMs = "probation_ms"
        case memoryBudgetBytes = "memory_budget_bytes"
    }

    public init(instance: String, services: [Service], preflight: [PreflightCheck] = [], probationMs: Int, memoryBudgetBytes: Int? = nil) {
        self.instance = instance
        self.services = services.sorted { $0.name < $1.name }
        if services.contains(where: { $0.idle != nil }) { requiredFeatures = [Self.onDemand] }
        self.preflight = preflight
        self.probationMs = probationMs
        self.memoryBudgetBytes = memoryBudgetBytes
    }

    public func service(named name: String) -> Service? { services.first { $0.name == name } }
}
