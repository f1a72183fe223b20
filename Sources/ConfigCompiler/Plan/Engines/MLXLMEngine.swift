import JSON
import LaunchPlan

/// `mlx_lm.server` of mlx-lm 0.32: prompt cache in memory, `/health`.
enum MLXLMEngine: EngineAdapter {
    static func dialect(of worker: Worker) -> String { "mlx-lm" }
    /// Any other word than this one and the path is looked up on the hub.
    static func modelID(of worker: Worker) -> String? { "default_model" }
    static let hasOneModelID = true

    static func log(of worker: Worker) -> LogNames.Choice? { .init(preferred: "mlx-lm-server", otherwise: worker.name) }

    static func service(for worker: Worker) throws -> Service {
        var argv: [PlanValue] = [
            worker.program("mlx_lm.server"), "--model", worker.model, "--host", .text(worker.host), "--port", .text(String(worker.port)),
            "--log-level", "INFO",
            "--prompt-cache-size", .text(String(worker.cacheSlots)),
        ]
        if worker.cache.has(CacheKeys.maxBytes) { argv += ["--prompt-cache-bytes", .text(String(worker.cache[CacheKeys.maxBytes]))] }
        if let most = worker.section[BackendKeys.maxTokens] { argv += ["--max-tokens", .text(String(most))] }
        let body: JSON = ["model": "default_model", "messages": [["role": "user", "content": "Hi"]], "max_tokens": 1]
        // Its generating thread can die while the process lives; `/health` tells.
        let health = Probe.Check.http(path: "/health", at: worker.tcp)
        return worker.service(
            argv: argv, environment: ["PYTHONUNBUFFERED": "1"],
            probes: worker.probes(
                at: worker.tcp, startup: .post(path: "/v1/chat/completions", body: body.text, at: worker.tcp), readiness: health, liveness: health),
            logFile: worker.logFile)
    }

    static func preflight(for worker: Worker) -> [PreflightCheck] {
        let program = worker.program("mlx_lm.server")
        // What it keeps of earlier prompts, it keeps in memory, beside the one that it computes.
        return worker.modelFile + [
            worker.executable(program, worker.programKey), worker.check(.mlxLM(program: program), worker.programKey),
            worker.memory(slots: worker.cacheSlots + 1),
        ]
    }
}
