import LaunchPlan
import Logging

/// The parts of a running proxy, as the endpoints share them.
final class ProxyAssembly: Sendable {
    let settings: ProxySettings
    let backends: BackendTable
    /// What clients must present; nil where nothing.
    let token: String?
    let metrics: ProxyMetrics
    let upstreams: Upstreams
    let responses: ResponseCache
    let counts: CountMemo
    let generations: GenerationTable
    let gate: Gate
    let rates: RateLimits
    let records: Records
    let logger: Logger

    init(
        settings: ProxySettings, backends: BackendTable, token: String?, metrics: ProxyMetrics, upstreams: Upstreams, responses: ResponseCache,
        counts: CountMemo, generations: GenerationTable, gate: Gate, rates: RateLimits, records: Records, logger: Logger
    ) {
        self.settings = settings
        self.backends = backends
        self.token = token
        self.metrics = metrics
        self.upstreams = upstreams
        self.responses = responses
        self.counts = counts
        self.generations = generations
        self.gate = gate
        self.rates = rates
        self.records = records
        self.logger = logger
    }
}
