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
        /// The weights of `model`, keys and values of one context (of the checkpoint's own length where nil) and the overhead fit into
        /// `limitBytes`, and with those of all other services into the plan's budget or the machine. `slots` contexts are the most that the
        /// service holds together. `reading` says how the model is measured; nil means `packed`.
        case memory(model: PlanPath?, contextTokens: Int?, slots: Int, limitBytes: Int?, reading: ModelReading?)
        /// What is kept at `path`, a folder or a file, may grow to `bytes`.
        case diskSpace(path: PlanPath, bytes: Int)
        /// The packages of MLX-Textgen's Python environment work together on this machine, and with the model where it is on the disk.
        case mlxTextgen(program: PlanValue, model: PlanPath?)
        /// The same of `mlx_lm.server`.
        case mlxLM(program: PlanValue)
    }

    /// How the memory that a model takes is found.
    public enum ModelReading: String, Codable, Sendable {
        /// As the native runtime packs it: exact.
        case packed
        /// By the sizes of its files and its config.json: what any other program takes at least.
        case files
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
