import Logging

/// What a question to a model's server needs.
struct Upstreams: Sendable {
    let client: UpstreamClient
    let directory: ServiceDirectory
    let workers: WorkerKnowledge
    let prompts: PromptCache
    let history: PromptHistory
    let turnstiles: Turnstiles
    let health: BackendHealth
    let leftOut: LeftOutTools
    let retries: RetryPolicy
    /// How long a request may wait before it is sent.
    let hold: Duration
    let metrics: ProxyMetrics
    let logger: Logger
}
