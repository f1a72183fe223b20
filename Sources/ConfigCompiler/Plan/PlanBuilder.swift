import LaunchPlan

/// The last stage: services, what they need, and nothing of where or when the plan was made.
struct PlanBuilder {
    let configuration: Configuration
    let workers: [Worker]
    /// By worker: another one that takes the name of its log away.
    let logRivals: [String: Worker]

    init(_ configuration: Configuration) {
        self.configuration = configuration
        let memory = { (backend: Backend) in backend[BackendKeys.resources]?[ResourceKeys.memory] }
        let all = configuration.workers
        // Of those on demand, the largest alone.
        let (onDemand, always) = (all.filter { $0.backend.isOnDemand }, all.filter { !$0.backend.isOnDemand })
        let planned = always.compactMap { memory($0.backend) }.reduce(onDemand.compactMap { memory($0.backend) }.max() ?? 0, +)
        var workers = all.map { backend, engine in
            Worker(
                backend: backend, engine: engine, pythonVenv: backend[BackendKeys.pythonVenv] ?? configuration.file[FileKeys.pythonVenv],
                memoryBudget: configuration.memoryBudget,
                overlapFits: configuration.memoryBudget.flatMap { budget in memory(backend).map { planned + $0 <= budget } } ?? false)
        }
        let logs = LogNames(workers)
        for index in workers.indices {
            let name = workers[index].name
            workers[index].logFile = logs.names[name].flatMap { $0 == name ? nil : "\($0).log" }
        }
        self.workers = workers
        logRivals = logs.rivals
    }

    func plan() throws -> LaunchPlan {
        let proxy = ProxyService(configuration: configuration, workers: workers)
        let services = try [proxy.service()] + workers.map { try $0.engine.adapter.service(for: $0) }
        let checks = proxy.preflight() + workers.flatMap(preflight)
        return LaunchPlan(
            instance: configuration.instance, services: services, preflight: checks, probationMs: configuration.file[FileKeys.probation],
            memoryBudgetBytes: configuration.memoryBudget)
    }

    private func preflight(_ worker: Worker) -> [PreflightCheck] {
        var secrets: [PreflightCheck] = []
        for (name, value) in worker.environment().sorted(by: { $0.key < $1.key }) {
            secrets += value.secrets.map { worker.check(.secret(reference: $0), "environment.\(name)") }
        }
        return worker.engine.adapter.preflight(for: worker) + [worker.check(.listener(host: worker.host, port: worker.port), "port")]
            + Policies.preflight(worker.section[BackendKeys.resources]).map { worker.check($0, "resources.cpus") } + secrets
    }

    var decisions: [WorkerDecision] {
        let needed = Set(configuration.needed.map(\.name))
        return configuration.backends.map { backend in
            let decision = backend.engine(isNeeded: needed.contains(backend.name))
            return WorkerDecision(backend: backend.name, engine: decision.engine?.rawValue, reason: decision.reason)
        }
    }
}
