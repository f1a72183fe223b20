import JSON
import LaunchPlan

/// What every engine starts from: a backend that runs on this machine, and where its parts are.
struct Worker {
    let backend: Backend
    let engine: EngineName
    /// The Python environment of Python engines.
    let pythonVenv: PlanPath?
    /// What all services together may use.
    let memoryBudget: Int?
    /// Whether a second copy may run beside the first one while it is replaced.
    let overlapFits: Bool
    /// The name of a log that is not `<service>.log` (`LogNames`); nil where there is none.
    var logFile: String?

    var name: String { backend.name }
    var port: Int { backend.port }
    var host: String { backend.host }
    var section: Section { backend.section }
    var cache: Section { section[BackendKeys.cache] ?? Section(CacheKeys.scope) }
    var isOnDemand: Bool { backend.isOnDemand }
    var isCached: Bool { cache[CacheKeys.enable] }
    var cacheSlots: Int { cache[CacheKeys.slots] }
    var cacheMinimum: Int { cache[CacheKeys.minTokens] }

    /// Where a program that binds its own port answers.
    var tcp: Endpoint { .tcp(host: host, port: port) }

    /// The model as an argument: its path, or its id.
    var model: PlanValue { backend.modelPath.map { .path($0) } ?? .text(section[BackendKeys.model] ?? "") }

    /// A program of the Python environment, or of PATH.
    func program(_ name: String) -> PlanValue {
        switch pythonVenv {
        case nil: .text(name)
        case .absolute(let path)?: .path(.absolute("\(path)/bin/\(name)"))
        case .rooted(let root, let path)?: .path(.rooted(root, path.isEmpty ? "bin/\(name)" : "\(path)/bin/\(name)"))
        }
    }

    var resources: Resources { Policies.resources(section[BackendKeys.resources]) }

    /// The variables that the file gives, over those of the engine.
    func environment(_ own: [String: PlanValue] = [:]) -> [String: PlanValue] {
        own.merging(section[BackendKeys.environment] ?? [:]) { _, given in given }
    }

    /// A service with everything that does not depend on the engine.
    func service(
        argv: [PlanValue], environment: [String: PlanValue] = [:], files: [GeneratedFile] = [], store: KeptStore? = nil, probes: Probes,
        logFile: String? = nil
    ) -> Service {
        Service(
            name: name, role: .worker, argv: argv, environment: self.environment(environment), files: files, store: store,
            endpoint: tcp,
            dependsOn: Set(backend.dependencies.map(\.text)).sorted(), probes: probes, restart: Policies.restart(section[BackendKeys.restart]),
            stop: Policies.stop(section[BackendKeys.stop]), replace: .stopFirst,
            resources: resources,
            logs: Policies.logs(section[BackendKeys.logs], file: logFile),
            idle: section[BackendKeys.idle].map { IdlePolicy(stopAfterMs: $0[IdleKeys.stopAfter]) })
    }

    /// - Parameter endpoint: where HTTP probes ask.
    func probes(
        at endpoint: Endpoint, startup: Probe.Check?, readiness: Probe.Check?, liveness: Probe.Check?
    ) -> Probes {
        ProbePlan(
            health: section[BackendKeys.health], endpoint: endpoint, host: host, startupTimeoutMs: section[BackendKeys.startupTimeout] ?? 120_000
        )
        .probes(startup: startup, readiness: readiness, liveness: liveness)
    }
}

/// The sections that every service has, as the plan's values.
enum Policies {
    static func restart(_ section: Section?) -> RestartPolicy {
        let section = section ?? Section(RestartKeys.scope)
        let intensity = section[RestartKeys.intensity] ?? Section(IntensityKeys.scope)
        return RestartPolicy(
            initialMs: section[RestartKeys.initial], maxMs: section[RestartKeys.max],
            resetAfterMs: section[RestartKeys.resetAfter], failures: intensity[IntensityKeys.failures],
            withinMs: intensity[IntensityKeys.within], slowRetryMs: section[RestartKeys.slowRetry])
    }

    static func resources(_ section: Section?) -> Resources {
        Resources(memoryBytes: section?[ResourceKeys.memory], threads: section?[ResourceKeys.threads], cpus: section?[ResourceKeys.cpus])
    }

    /// What the machine must have for them.
    static func preflight(_ resources: Section?) -> [PreflightCheck.Requirement] {
        resources?[ResourceKeys.cpus].map { [.processors(numbers: $0)] } ?? []
    }

    static func stop(_ section: Section?) -> StopPolicy {
        StopPolicy(timeoutMs: (section ?? Section(StopKeys.scope))[StopKeys.timeout])
    }

    static func logs(_ section: Section?, file: String? = nil) -> LogPolicy {
        let section = section ?? Section(LogKeys.scope)
        return LogPolicy(
            file: file, maxBytes: section[LogKeys.maxBytes], maxFiles: section[LogKeys.maxFiles],
            whenFull: section[LogKeys.whenFull])
    }
}
