import LaunchPlan

/// Any program that speaks OpenAI's API on the backend's port. Without `health`, it is ready when it accepts connections.
enum CommandEngine: EngineAdapter {
    static func dialect(of worker: Worker) -> String { "generic" }
    static func modelID(of worker: Worker) -> String? { worker.backend.modelName }

    private static func argv(_ worker: Worker) -> [PlanValue] { (worker.section[BackendKeys.command] ?? []).map { Arguments.value($0) } }

    static func service(for worker: Worker) throws -> Service {
        let connects = Probe.Check.tcp(at: worker.tcp)
        // `readiness: none` says that running is ready: then nothing waits for the port either.
        var startup: Probe.Check? = connects
        if case ProbeChoice.none? = worker.section[BackendKeys.health]?[HealthKeys.readiness] { startup = nil }
        return worker.service(
            argv: argv(worker), environment: LauncherVariables.of(worker, modelID: modelID(of: worker)),
            probes: worker.probes(at: worker.tcp, startup: startup, readiness: connects, liveness: nil))
    }

    static func preflight(for worker: Worker) -> [PreflightCheck] {
        worker.modelFile + argv(worker).prefix(1).map { worker.executable($0, "command") } + [worker.memory(slots: 1)]
    }
}
