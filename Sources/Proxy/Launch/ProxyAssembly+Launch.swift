import LaunchPlan
import Logging

extension ProxyAssembly {
    convenience init(_ launch: ProxyLaunch, client: UpstreamClient, workers: WorkerKnowledge? = nil, logger: Logger) async throws(ProxyError) {
        let backends = try BackendTable(launch.settings, secrets: launch.secrets)
        var token: String?
        if let id = launch.settings.authToken {
            guard let value = launch.secrets[id], !value.isEmpty else { throw ProxyError("the secret `\(id)`, the clients' token, was not passed") }
            token = value
        }
        let metrics = ProxyMetrics()
        let gate = Gate(limit: launch.settings.limits.maxConcurrent)
        metrics.declareInFlight { gate.inFlight }
        let records = try Records(
            launch.settings, roots: launch.roots, secrets: backends.all.compactMap(\.key) + (token.map { [$0] } ?? []), logger: logger)
        metrics.declareDropped(log: { records.log?.dropped ?? 0 }, capture: { records.capture?.dropped ?? 0 })
        let turnstiles = Turnstiles(backends.all, limits: launch.settings.limits)
        metrics.declareWaiting { turnstiles.waiting }
        let health = BackendHealth(launch.settings.breaker ?? .init()) { metrics.setBreaker($0, level: $1) }
        self.init(
            settings: launch.settings, backends: backends, token: token, metrics: metrics,
            upstreams: Upstreams(
                client: client, directory: ServiceDirectory(descriptor: launch.lease, logger: logger),
                workers: workers ?? WorkerKnowledge(client: client),
                prompts: PromptCache(launch.settings.promptCache, metrics: metrics), history: PromptHistory(), turnstiles: turnstiles, health: health,
                leftOut: LeftOutTools(metrics: metrics, logger: logger), retries: RetryPolicy(settings: launch.settings.retry ?? .init()),
                hold: .milliseconds(launch.settings.limits.holdMs),
                metrics: metrics, logger: logger),
            responses: try await ResponseCache(
                launch.settings.responseCache, directory: launch.settings.directories.cache, roots: launch.roots, metrics: metrics, logger: logger),
            counts: CountMemo(), generations: GenerationTable(), gate: gate, rates: RateLimits(launch.settings.limits), records: records,
            logger: logger)
    }
}
