/// A request that is being computed. Used by the engine's thread alone.
final class ActiveRequest {
    let id: Int
    let request: GenerationRequest
    let output: AsyncThrowingStream<GenerationEvent, any Error>.Continuation
    /// Blocks that it may come to hold.
    let reservedBlocks: Int
    /// Prompt and answer.
    var tokens: [Int32]
    /// So many of `tokens` have keys and values.
    var computed = 0
    var blocks: [KVBlock] = []
    /// What the store knew of the prompt and has not been taken over yet.
    var pending: PrefixTree.Match?
    var source = CacheSource.none
    var sampler: Sampler
    var statistics = GenerationStatistics()
    let arrived: ContinuousClock.Instant
    var admitted: ContinuousClock.Instant
    var promptDone: ContinuousClock.Instant?
    var isStarted = false

    init(_ waiting: WaitingRequest, reservedBlocks: Int, now: ContinuousClock.Instant) {
        id = waiting.id
        request = waiting.request
        output = waiting.output
        arrived = waiting.arrived
        self.reservedBlocks = reservedBlocks
        tokens = waiting.request.prompt
        sampler = Sampler(waiting.request, seed: waiting.request.sampling.seed ?? .random(in: 0...UInt64.max))
        admitted = now
        statistics.promptTokens = tokens.count
    }

    var isPrefilling: Bool { computed < request.prompt.count }
    var promptRemaining: Int { max(request.prompt.count - computed, 0) }
    var generated: Int { tokens.count - request.prompt.count }
}

/// A request that waits for a place in the batch.
struct WaitingRequest: Sendable {
    let id: Int
    let request: GenerationRequest
    let output: AsyncThrowingStream<GenerationEvent, any Error>.Continuation
    let arrived: ContinuousClock.Instant
}
