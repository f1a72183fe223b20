import LaunchPlan
import Logging
import Messages

/// The parts of a running proxy.
final class ProxyAssembly: Sendable {
    let settings: ProxySettings
    let backends: BackendTable
    let token: String?
    let metrics: ProxyMetrics
    let client: UpstreamClient
    let directory: ServiceDirectory
    let workers: WorkerKnowledge
    let prompts: PromptCache
    let responses: ResponseCache
    let generations: GenerationTable
    let gate: Gate
    let turnstiles: Turnstiles
    let logger: Logger

    init(_ launch: ProxyLaunch, client: UpstreamClient, logger: Logger) async throws(ProxyError) {
        settings = launch.settings
        backends = try BackendTable(launch.settings, secrets: launch.secrets)
        if let id = launch.settings.authToken {
            guard let value = launch.secrets[id], !value.isEmpty else { throw ProxyError("the secret `\(id)`, the clients' token, was not passed") }
            token = value
        } else {
            token = nil
        }
        metrics = ProxyMetrics()
        self.client = client
        directory = ServiceDirectory(descriptor: launch.lease, logger: logger)
        workers = WorkerKnowledge(client: client)
        prompts = PromptCache(launch.settings.promptCache, metrics: metrics)
        responses = try await ResponseCache(
            launch.settings.responseCache, directory: launch.settings.directories.cache, roots: launch.roots, metrics: metrics, logger: logger)
        generations = GenerationTable()
        turnstiles = Turnstiles(backends.all)
        gate = Gate(limit: launch.settings.limits.maxConcurrent)
        self.logger = logger
        metrics.declareGauges(gate: gate)
    }
}
