import LaunchPlan

/// llama.cpp's `llama-server`: `/health` answers 503 until the model is loaded.
enum LlamaServerEngine: EngineAdapter {
    static func dialect(of worker: Worker) -> String { "llama-server" }
    static func modelID(of worker: Worker) -> String? { worker.backend.modelName }

    static func service(for worker: Worker) throws -> Service {
        var argv: [PlanValue] = [
            "llama-server", "--model", worker.model, "--alias", .text(worker.backend.modelName ?? worker.name), "--host", .text(worker.host),
            "--port",
            .text(String(worker.port)), "--jinja", "--metrics", "--no-webui",
        ]
        if let window = worker.section[BackendKeys.contextWindow] { argv += ["--ctx-size", .text(String(window)), "--parallel", "1"] }
        if let most = worker.section[BackendKeys.maxTokens] { argv += ["--n-predict", .text(String(most))] }
        if let threads = worker.resources.threads { argv += ["--threads", .text(String(threads))] }
        if !worker.isCached { argv.append("--no-cache-prompt") }
        let health = Probe.Check.http(path: "/health", at: worker.tcp)
        return worker.service(
            argv: argv, environment: worker.backend.apiKey.map { ["LLAMA_API_KEY": .secret($0)] } ?? [:],
            probes: worker.probes(at: worker.tcp, startup: health, readiness: health, liveness: health))
    }

    static func preflight(for worker: Worker) -> [PreflightCheck] {
        worker.modelFile + [worker.executable("llama-server", "engine"), worker.memory(slots: 1)]
    }
}
