import Checkpoint
import Glibc
import Host
import JSON
import LaunchPlan

/// What the packages of MLX's servers, and the models, are known to do on Linux.
extension Preflight {
    func textgen(_ program: PlanValue, _ model: PlanPath?, of service: Service?) -> [PreflightFinding] {
        guard let (path, python) = environment(of: program, for: service) else { return [] }
        let caveats = MLXCaveats(python: python, program: path, hasCompiler: hasCompiler(for: service))
        let source = python.text("mlx_textgen/model_utils.py") ?? ""
        let isRepaired = isRepaired(by: service)
        // Whoever gave the program, or all of its Python, another `wired_limit` has repaired it.
        let hasLimit =
            isRepaired
            || [try? AtomicFile.read(path, limit: 1 << 20), try? AtomicFile.read("\(python.packages)/sitecustomize.py", limit: 1 << 20)]
                .contains { bytes in bytes.map { String(decoding: $0, as: UTF8.self).contains("wired_limit") } ?? false }
        let found = caveats.textgen(
            readsMetalLimit: source.contains("max_recommended_working_set_size") && !hasLimit,
            losesStreamedCalls: !isRepaired && python.text("mlx_textgen/engine.py")?.contains("if status == 'tool_call_start'") ?? false,
            model: model.flatMap { try? resolve($0, bindings) }.flatMap(Self.model))
        // A launcher may do what is not seen here, and repair it.
        return service?.argv.first == program ? found : found.map { PreflightFinding(.warning, $0.message, hint: $0.hint) }
    }

    /// The engine's own repair lies where the service's Python looks; a path of the file's own hides it.
    private func isRepaired(by service: Service?) -> Bool {
        guard let service, case .path(let folder)? = service.environment["PYTHONPATH"] else { return false }
        return service.files.contains { $0.path == folder.appending("sitecustomize.py") }
    }

    /// What the next start of the service removes from its store. A server that runs writes to it, and is not looked over the shoulder.
    func store(of service: Service?) -> [PreflightFinding] {
        guard let service, let store = service.store, members(service.name).isEmpty, let home = try? resolve(store.path, bindings) else { return [] }
        return TextgenStore(home: home, model: store.model.flatMap { try? resolve($0, bindings) }).damage
            .map { PreflightFinding(.warning, $0.text, hint: "nothing has to be done: it is removed before the start") }
    }

    func mlxLM(_ program: PlanValue, of service: Service?) -> [PreflightFinding] {
        guard let (path, python) = environment(of: program, for: service) else { return [] }
        let folder = hubFolder(of: service)
        let isMissing = folder.map { access($0, F_OK) != 0 } ?? false
        return MLXCaveats(python: python, program: path).mlxLM(missingHubFolder: isMissing ? folder : nil)
    }

    /// That the program is missing is said by its own check.
    private func environment(of program: PlanValue, for service: Service?) -> (path: String, python: PythonEnvironment)? {
        guard let path = try? find(program, for: service), let python = PythonEnvironment(of: path) else { return nil }
        return (path, python)
    }

    private func hasCompiler(for service: Service?) -> Bool {
        let path = variable("PATH", of: service) ?? ""
        return (try? ProgramSearch.find("g++", path: path, directory: "/")) != nil
    }

    /// As huggingface_hub finds it.
    private func hubFolder(of service: Service?) -> String? {
        if let folder = variable("HF_HUB_CACHE", of: service) { return folder }
        if let home = variable("HF_HOME", of: service) { return "\(home)/hub" }
        return variable("HOME", of: service).map { "\($0)/.cache/huggingface/hub" }
    }

    /// Nil where there is no tokenizer_config.json that can be read.
    static func model(_ folder: String) -> MLXCaveats.Model? {
        guard let bytes = try? AtomicFile.read("\(folder)/tokenizer_config.json", limit: 16 << 20), let root = try? JSON(parsing: bytes),
            root.objectValue != nil
        else { return nil }
        let file = (try? AtomicFile.read("\(folder)/chat_template.jinja", limit: 4 << 20)).map { String(decoding: $0, as: UTF8.self) }
        // One template, or several by name.
        let templates = root["chat_template"]?.arrayValue?.compactMap { $0["template"]?.stringValue } ?? [root["chat_template"]?.stringValue ?? ""]
        let configuration = (try? AtomicFile.read("\(folder)/config.json", limit: 16 << 20)).flatMap { try? JSON(parsing: $0) }
        let type = configuration?["torch_dtype"]?.stringValue ?? configuration?["dtype"]?.stringValue
        return MLXCaveats.Model(
            hasTokenList: root["extra_special_tokens"]?.arrayValue != nil, hasTemplateKey: root["chat_template"].map { !$0.isNull } ?? false,
            isSinglePrecision: type == "float32", template: file ?? templates.joined(separator: "\n"))
    }
}
