import LaunchPlan

/// A launcher script of the earlier tool: `SCRIPT MODEL PORT LOG`, or for a Python file `python3 SCRIPT --model MODEL --port PORT`.
///
/// The script may send its server's output to LOG by itself, as the earlier tool's did; so LOG is a file that only the script
/// writes, `mlx-textgen-server.log` for `mlx-textgen-server.sh` where no other worker has it, and what reaches its standard output is captured in
/// `<service>.log`. No file has two writers. What the arguments cannot say is passed in `ANYCLAUDE_…` variables.
enum ScriptEngine: EngineAdapter {
    private static let textgenStem = "mlx-textgen-server"

    private static func stem(_ worker: Worker) -> String { stem(worker.section) }

    private static func stem(_ section: Section) -> String {
        let path = section[BackendKeys.serverScript]?.description ?? ""
        let file = PathText.lastComponent(path)
        guard let dot = file.lastIndex(of: "."), dot != file.startIndex else { return file }
        return String(file[..<dot])
    }

    /// Whether the launcher is one of MLX-Textgen, by its name.
    static func isTextgen(_ section: Section) -> Bool { stem(section) == textgenStem }

    private static func isTextgen(_ worker: Worker) -> Bool { isTextgen(worker.section) }

    private static func isPython(_ worker: Worker) -> Bool { worker.section[BackendKeys.serverScript]?.description.hasSuffix(".py") ?? false }

    static func dialect(of worker: Worker) -> String { isTextgen(worker) ? "mlx-textgen" : "generic" }

    /// MLX-Textgen's script gives its server no name, so that the server makes one of the folder's: lower case, `-` for `_`,
    /// without a last part that names the bits. Others are asked for the model as the file writes it.
    static func modelID(of worker: Worker) -> String? {
        if worker.section.has(BackendKeys.modelPath) { return worker.backend.modelName }
        guard isTextgen(worker), let name = worker.backend.modelName else { return worker.section[BackendKeys.model] }
        var parts = name.lowercased().replacing("_", with: "-").split(separator: "-", omittingEmptySubsequences: false)
        if parts.count > 1, let last = parts.last, last.contains("bit") { parts.removeLast() }
        return parts.joined(separator: "-")
    }

    /// `<service>.log` is the supervisor's.
    static func log(of worker: Worker) -> LogNames.Choice? { .init(preferred: stem(worker), otherwise: worker.name + LogNames.suffix) }

    private static func log(_ worker: Worker) -> PlanPath { .rooted(.logs, worker.logFile ?? "\(worker.name)\(LogNames.suffix).log") }

    private static func interpreter(_ worker: Worker) -> PlanValue { worker.program("python3") }

    static func service(for worker: Worker) throws -> Service {
        let script = PlanValue.path(worker.section[BackendKeys.serverScript] ?? .rooted(.config, ""))
        let port = PlanValue.text(String(worker.port))
        let argv =
            isPython(worker)
            ? [interpreter(worker), script, "--model", worker.model, "--port", port] : [script, worker.model, port, .path(log(worker))]
        var environment = LauncherVariables.of(worker, modelID: modelID(of: worker))
        if let venv = worker.pythonVenv { environment["VIRTUAL_ENV"] = .path(venv) }
        let models = Probe.Check.http(path: "/v1/models", at: worker.tcp)
        // MLX-Textgen lists its models before it has loaded one.
        let token = isTextgen(worker) ? modelID(of: worker).map { MLXTextgenEngine.oneToken(worker, model: $0) } : nil
        if isTextgen(worker) { environment["PYTHONPATH"] = .path(MLXTextgenRepair.folder(for: worker)) }
        return worker.service(
            argv: argv, environment: environment, files: isTextgen(worker) ? [MLXTextgenRepair.file(for: worker)] : [],
            probes: worker.probes(at: worker.tcp, startup: token ?? models, readiness: models, liveness: token))
    }

    static func preflight(for worker: Worker) -> [PreflightCheck] {
        let script = worker.section[BackendKeys.serverScript] ?? .rooted(.config, "")
        let start =
            isPython(worker)
            ? [
                worker.check(.file(path: script), "serverScript"),
                worker.executable(interpreter(worker), worker.pythonVenv == nil ? "serverScript" : "pythonVenv"),
            ]
            : [worker.executable(.path(script), "serverScript")]
        return worker.modelFile + start + packages(worker) + [worker.memory(slots: 1)] + store(worker)
    }

    /// MLX-Textgen's script starts that server, from where the engine of its own would be started.
    private static func packages(_ worker: Worker) -> [PreflightCheck] {
        guard isTextgen(worker) else { return [] }
        let key = worker.pythonVenv == nil ? BackendKeys.serverScript.name : BackendKeys.pythonVenv.name
        return [worker.check(.mlxTextgen(program: worker.program("mlx_textgen"), model: worker.backend.modelPath), key)]
    }

    /// The launcher is told where to keep its store and how large it may be, where the file says both.
    private static func store(_ worker: Worker) -> [PreflightCheck] {
        guard worker.isCached, worker.cache.has(CacheKeys.maxBytes), let directory = worker.cache[CacheKeys.directory] else { return [] }
        return [worker.check(.diskSpace(path: directory, bytes: worker.cache[CacheKeys.maxBytes]), "cache.maxBytes")]
    }
}

/// The settings of a worker as variables, for launchers that want more than their arguments say.
enum LauncherVariables {
    static func of(_ worker: Worker, modelID: String?) -> [String: PlanValue] {
        var result: [String: PlanValue] = [
            "ANYCLAUDE_PORT": .text(String(worker.port)), "ANYCLAUDE_HOST": .text(worker.host),
            "ANYCLAUDE_ENABLE_CACHE": worker.isCached ? "true" : "false",
            "ANYCLAUDE_CACHE_SLOTS": .text(String(worker.cacheSlots)), "ANYCLAUDE_MIN_TOKENS_FOR_CACHE": .text(String(worker.cacheMinimum)),
            "ANYCLAUDE_CACHE_MAX_BYTES": .text(String(worker.cache[CacheKeys.maxBytes])),
        ]
        if worker.section.has(BackendKeys.model) || worker.section.has(BackendKeys.modelPath) { result["ANYCLAUDE_MODEL"] = worker.model }
        if let modelID { result["ANYCLAUDE_MODEL_NAME"] = .text(modelID) }
        if let window = worker.section[BackendKeys.contextWindow] { result["ANYCLAUDE_CONTEXT_WINDOW"] = .text(String(window)) }
        if let directory = worker.cache[CacheKeys.directory] { result["ANYCLAUDE_CACHE_DIRECTORY"] = .path(directory) }
        return result
    }
}
