import LaunchPlan

/// How one kind of program is started: the generic keys as its arguments, variables, files and probes.
protocol EngineAdapter {
    /// How the proxy must speak to it (`ProxySettings.Backend.dialect`).
    static func dialect(of worker: Worker) -> String
    /// The model id that it answers to; nil leaves the client's own.
    static func modelID(of worker: Worker) -> String?
    /// Whether that id is the same for all models.
    static var hasOneModelID: Bool { get }
    /// The log that the earlier tool's users know; nil where the worker has `<service>.log` alone.
    static func log(of worker: Worker) -> LogNames.Choice?
    static func service(for worker: Worker) throws -> Service
    /// What must hold besides a free port.
    static func preflight(for worker: Worker) -> [PreflightCheck]
}

extension EngineAdapter {
    static var hasOneModelID: Bool { false }
    static func log(of worker: Worker) -> LogNames.Choice? { nil }
}

extension EngineName {
    var adapter: any EngineAdapter.Type {
        switch self {
        case .native: NativeEngine.self
        case .mlxTextgen: MLXTextgenEngine.self
        case .mlxLM: MLXLMEngine.self
        case .llamaServer: LlamaServerEngine.self
        case .vllm: VLLMEngine.self
        case .script: ScriptEngine.self
        case .command: CommandEngine.self
        }
    }
}

extension Worker {
    func check(_ requirement: PreflightCheck.Requirement, _ key: String) -> PreflightCheck {
        PreflightCheck(service: name, requirement: requirement, key: "backends.\(name).\(key)")
    }

    /// The key that says where the model is.
    var modelKey: String { section.has(BackendKeys.modelPath) ? BackendKeys.modelPath.name : BackendKeys.model.name }

    /// The model, where it is a place on the disk.
    var modelFile: [PreflightCheck] { backend.modelPath.map { [check(.file(path: $0), modelKey)] } ?? [] }

    /// What it takes of the memory, by the model's files. `slots`: the most contexts that the program holds together.
    func memory(slots: Int) -> PreflightCheck {
        check(
            .memory(
                model: backend.modelPath ?? hubFolder, contextTokens: section[BackendKeys.contextWindow], slots: slots,
                limitBytes: resources.memoryBytes, reading: .files), Self.memoryKey)
    }

    /// The key that the memory of a worker is asked for by, whether or not it is written.
    static let memoryKey = "\(BackendKeys.resources.name).\(ResourceKeys.memory.name)"

    /// Where the hub's store has the model of an id; nil where the store is said to be elsewhere.
    private var hubFolder: PlanPath? {
        let elsewhere = ["HOME", "HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"]
        guard let id = section[BackendKeys.model], !elsewhere.contains(where: { section[BackendKeys.environment]?[$0] != nil }) else { return nil }
        let parts = id.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty && !$0.hasPrefix(".") && !$0.contains("--") }) else { return nil }
        return .rooted(.home, ".cache/huggingface/hub/models--\(parts[0])--\(parts[1])")
    }

    /// The key that says which Python environment is meant.
    var programKey: String { pythonVenv == nil ? BackendKeys.engine.name : BackendKeys.pythonVenv.name }

    func executable(_ program: PlanValue, _ key: String) -> PreflightCheck { check(.executable(program: program), key) }
}
