import LaunchPlan
import Logging

/// The parts of a running proxy, as the endpoints share them.
struct ProxyAssembly: Sendable {
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
}
