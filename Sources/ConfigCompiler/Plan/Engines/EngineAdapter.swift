import LaunchPlan

/// How one kind of program is started: the generic keys as its arguments, variables, files and probes.
protocol EngineAdapter {
    /// How the proxy must speak to it (`ProxySettings.Backend.dialect`).
    static func dialect(of worker: Worker) -> String
    /// The model id that it answers to; nil leaves the client's own.
    static func modelID(of worker: Worker) -> String?
    static func service(for worker: Worker) throws -> Service
    /// What must hold besides a free port.
    static func preflight(for worker: Worker) -> [PreflightCheck]
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

    func executable(_ program: PlanValue, _ key: String) -> PreflightCheck { check(.executable(program: program), key) }
}
