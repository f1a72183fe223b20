import Locking

/// Computes requests on a thread of its own, several together.
///
/// The same request gives the same tokens whatever else is in the batch, and whether its beginning was computed, found in memory
/// or read from disk.
public final class Engine: GenerationEngine {
    public let contextWindow: Int
    public let vocabularySize: Int
    private let inbox: Inbox
    private let store: KVStore
    private let published = PublishedStatistics(EngineStatistics())

    /// Starts the engine. A cache directory that cannot be used does not stop it: see `cacheFailure`.
    public init(model: LanguageModel, settings: EngineSettings = EngineSettings()) throws(RuntimeError) {
        let window = settings.contextWindow ?? model.configuration.maxPositions
        guard (1...model.configuration.maxPositions).contains(window) else {
            throw RuntimeError(
                "the context window of \(window) is outside what the model was trained for, 1 to \(model.configuration.maxPositions)",
                hint: "lower `contextWindow`, or leave it out")
        }
        contextWindow = window
        vocabularySize = model.vocabularySize
        let budget = try KVBudget(model: model, settings: settings, contextWindow: window)
        let inbox = Inbox(maxQueue: settings.maxQueue)
        let store = try KVStore(model: model, settings: settings.cache, budget: budget)
        self.inbox = inbox
        self.store = store
        let published = published
        do throws(RuntimeError) {
            // The thread keeps what it needs alive, and ends when it is told to stop.
            _ = try WorkerThread(name: "engine") {
                Scheduler(model: model, settings: settings, contextWindow: window, store: store, inbox: inbox, published: published).run()
            }
        } catch {
            store.close()
            throw error
        }
    }

    deinit { inbox.stop() }

    /// Why nothing is kept on disk, where it should be; for the log.
    public var cacheFailure: RuntimeError? { store.diskFailure }

    /// Whether nothing waits to be written to disk.
    public var isCacheFlushed: Bool { store.isFlushed }

    /// Whether nothing is left to do between requests: all is written, and memory for the next ones is ready.
    public var isSettled: Bool { store.isFlushed && store.budget.isPrepared }

    public func generate(_ request: GenerationRequest) -> AsyncThrowingStream<GenerationEvent, any Error> {
        // Bounded by the number of tokens, which `check` bounds by the window.
        let (stream, output) = AsyncThrowingStream.makeStream(of: GenerationEvent.self, throwing: (any Error).self)
        do throws(EngineError) {
            try check(request)
            let id = inbox.makeID()
            let inbox = inbox
            output.onTermination = { termination in
                if case .cancelled = termination { inbox.cancel(id) }
            }
            try inbox.submit(WaitingRequest(id: id, request: request, output: output, arrived: ContinuousClock().now))
        } catch {
            output.finish(throwing: error)
        }
        return stream
    }

    private func check(_ request: GenerationRequest) throws(EngineError) {
        func demand(_ holds: Bool, _ message: String) throws(EngineError) {
            if !holds { throw .invalidRequest(message) }
        }
        let sampling = request.sampling
        try demand(!request.prompt.isEmpty, "the prompt is empty")
        if let id = request.prompt.first(where: { $0 < 0 || Int($0) >= vocabularySize }) {
            throw .invalidRequest("token \(id) is outside the vocabulary of \(vocabularySize)")
        }
        try demand(request.maxTokens >= 0, "the number of tokens is negative")
        try demand(sampling.temperature >= 0 && sampling.temperature.isFinite, "temperature must be 0 or more")
        try demand(sampling.topP > 0 && sampling.topP <= 1, "top_p must be above 0 and at most 1")
        try demand(sampling.minP >= 0 && sampling.minP <= 1, "min_p must be between 0 and 1")
        try demand(sampling.topK >= 0, "top_k must be 0 or more")
        try demand(sampling.repetitionPenalty > 0 && sampling.repetitionPenalty.isFinite, "the repetition penalty must be above 0")
        try demand(sampling.presencePenalty.isFinite && sampling.frequencyPenalty.isFinite, "penalties must be finite")
        try demand(sampling.logitBias.values.allSatisfy { $0 < .infinity && !$0.isNaN }, "a logit bias must be a finite number or minus infinity")
        try demand((request.logprobs ?? 0) >= 0, "the number of log-probabilities is negative")
        guard request.prompt.count + min(request.maxTokens, 1) <= contextWindow else {
            throw .contextOverflow(prompt: request.prompt.count, limit: contextWindow)
        }
    }

    public func cachedPrefixLength(of tokens: [Int32]) -> Int { store.cachedPrefixLength(of: tokens) }

    public var statistics: EngineStatistics {
        var counts = published.value.withLock { $0 }
        counts.queued = inbox.waiting
        counts.requestsRefused = inbox.refused
        counts.cache = store.statistics
        return counts
    }

    public func shutdown() async {
        inbox.stop()
        await inbox.waitUntilStopped()
    }
}
