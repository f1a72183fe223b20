import Logging

/// What a question to a model's server needs.
final class Upstreams: Sendable {
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

    init(
        client: UpstreamClient, directory: ServiceDirectory, workers: WorkerKnowledge, prompts: PromptCache, history: PromptHistory,
        turnstiles: Turnstiles, health: BackendHealth, leftOut: LeftOutTools, retries: RetryPolicy, hold: Duration, metrics: ProxyMetrics,
        logger: Logger
    ) {
        self.client = client
        self.directory = directory
        self.workers = workers
        self.prompts = prompts
        self.history = history
        self.turnstiles = turnstiles
        self.health = health
        self.leftOut = leftOut
        self.retries = retries
        self.hold = hold
        self.metrics = metrics
        self.logger = logger
    }
}
