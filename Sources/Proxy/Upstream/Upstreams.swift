import Logging

/// What a question to a model's server needs.
struct Upstreams: Sendable {
    let client: UpstreamClient
    let directory: ServiceDirectory
    let workers: WorkerKnowledge
    let prompts: PromptCache
    let history: PromptHistory
    let turnstiles: Turnstiles
    let metrics: ProxyMetrics
    let logger: Logger
}
