import JSON
import LaunchPlan

/// The runtime that comes with anyclaude: listeners from the supervisor, settings by descriptor, readiness by notification.
enum NativeEngine: EngineAdapter {
    static func dialect(of worker: Worker) -> String { "native" }
    static func modelID(of worker: Worker) -> String? { worker.backend.modelName }

    private static func model(_ worker: Worker) -> PlanPath { worker.backend.modelPath ?? .rooted(.config, "") }

    /// Each worker has a store of its own: a store has one writer.
    private static func store(_ worker: Worker) -> PlanPath { worker.cache[CacheKeys.directory] ?? .rooted(.cache, "kv/\(worker.name)") }

    /// Prompts of the plan; nil where nothing would keep them.
    private static func warm(_ worker: Worker) -> [PlanPath]? {
        let files = (worker.cache[CacheKeys.warm] ?? []).compactMap { $0[WarmKeys.file] }
        return worker.isCached && !files.isEmpty ? files : nil
    }

    static func service(for worker: Worker) throws -> Service {
        let probe = Endpoint.socket(name: DescriptorName.probe)
        let health = Probe.Check.http(path: "/health", at: probe)
        var service = worker.service(
            argv: [.path(.rooted(.bin, "anyclaude-runtime")), "serve"],
            probes: worker.probes(at: probe, startup: health, readiness: health, liveness: health))
        service.settings = try JSON(encoding: settings(worker))
        service.sockets = [
            ListenSocket(name: DescriptorName.http, address: .tcp(host: worker.host, port: worker.port)),
            ListenSocket(name: DescriptorName.probe, address: .private),
        ]
        service.endpoint = .socket(name: DescriptorName.http)
        service.notifies = true
        service.replace = worker.section[BackendKeys.replace] ?? (worker.overlapFits && !worker.isOnDemand ? .overlap : .stopFirst)
        return service
    }

    private static func settings(_ worker: Worker) -> WorkerSettings {
        WorkerSettings(
            model: model(worker), modelName: worker.backend.modelName ?? worker.name, contextWindow: worker.section[BackendKeys.contextWindow],
            cache: WorkerSettings.Cache(
                enabled: worker.isCached, slots: worker.cacheSlots, minTokens: worker.cacheMinimum, directory: store(worker),
                maxBytes: worker.cache[CacheKeys.maxBytes], warm: warm(worker)),
            threads: worker.resources.threads, maxQueue: worker.section[BackendKeys.maxQueue],
            maxBatch: worker.section[BackendKeys.maxBatch],
            // One worker alone can keep to the budget of all; several are told their own shares, or warned of.
            memoryBytes: worker.resources.memoryBytes ?? worker.memoryBudget)
    }

    static func preflight(for worker: Worker) -> [PreflightCheck] {
        let path = model(worker)
        // The runtime holds as many contexts as it computes together, where they fit; kept prefixes beyond them live on disk.
        let memory = PreflightCheck.Requirement.memory(
            model: path, contextTokens: worker.section[BackendKeys.contextWindow], slots: worker.section[BackendKeys.maxBatch],
            limitBytes: worker.resources.memoryBytes,
            reading: .packed)
        return [worker.check(.model(path: path), worker.modelKey), worker.check(memory, Worker.memoryKey)]
            + (warm(worker) ?? []).map { worker.check(.file(path: $0), "cache.warm") }
            + (worker.isCached
                ? [
                    worker.check(.writableDirectory(path: store(worker)), "cache.directory"),
                    worker.check(.diskSpace(path: store(worker), bytes: worker.cache[CacheKeys.maxBytes]), "cache.maxBytes"),
                ] : [])
    }
}
