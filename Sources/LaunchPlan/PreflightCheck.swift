/// Something that must hold on the machine before a plan is applied. Written by the compiler, checked by the supervisor.
public struct PreflightCheck: Codable, Sendable, Equatable {
    public enum Requirement: Codable, Sendable, Equatable {
        /// A model directory that the native runtime can load.
        case model(path: PlanPath)
        case file(path: PlanPath)
        case executable(program: PlanValue)
        /// The address can be bound, unless the service itself holds it now.
        case listener(host: String, port: Int)
        case secret(reference: SecretReference)
        /// The machine has these processors, and the supervisor may use them.
        case processors(numbers: [Int])
        /// The folder can be made and written to.
        case writableDirectory(path: PlanPath)
        /// The weights of `model`, KV for `slots` contexts (the checkpoint's own length where nil) and the overhead fit into `limitBytes` (or the
        /// machine's memory where nil).
        case memory(model: PlanPath, contextTokens: Int?, slots: Int, limitBytes: Int?)
    }
    /// The service that needs it.
    public var service: String
    public var requirement: Requirement
    /// The configuration key that asks for it, for messages.
    public var key: String

    public init(service: String, requirement: Requirement, key: String) {
        self.service = service
        self.requirement = requirement
        self.key = key
    }
}
