import LaunchPlan

/// `vllm serve`: `/health` answers once the engine is up.
enum VLLMEngine: EngineAdapter {
    static func dialect(of worker: Worker) -> String { "vllm" }
    static func modelID(of worker: Worker) -> String? { worker.backend.modelName }

    static func service(for worker: Worker) throws -> Service {
        var argv: [PlanValue] = [
            worker.program("vllm"), "serve", worker.model, "--served-model-name", .text(worker.backend.modelName ?? worker.name), "--host",
            .text(worker.host), "--port", .text(String(worker.port)), worker.isCached ? "--enable-prefix-caching" : "--no-enable-prefix-caching",
        ]
        if let window = worker.section[BackendKeys.contextWindow] { argv += ["--max-model-len", .text(String(window))] }
        let health = Probe.Check.http(path: "/health", at: worker.tcp)
        return worker.service(
            argv: argv, environment: worker.backend.apiKey.map { ["VLLM_API_KEY": .secret($0)] } ?? [:],
            probes: worker.probes(at: worker.tcp, startup: health, readiness: health, liveness: health))
    }

    static func preflight(for worker: Worker) -> [PreflightCheck] {
        worker.modelFile + [worker.executable(worker.program("vllm"), worker.programKey), worker.memory(slots: 1)]
    }
}
