/// A request in the engine's hands. Used by the engine's thread alone.
///
/// It waits; it is taken up (`restoring`: what the cache knows of it is taken over); it is computed. When memory is short it may be put back:
/// it waits again, without its blocks but with all else, and what follows is what would have followed.
final class ActiveRequest {
    enum Phase { case waiting, restoring, computing }

    let id: Int
    let request: GenerationRequest
    let output: AsyncThrowingStream<GenerationEvent, any Error>.Continuation
    private(set) var phase = Phase.waiting
    /// Prompt and answer.
    private(set) var tokens: [Int32]
    /// So many of `tokens` have keys and values.
    var computed = 0
    var blocks: [KVBlock] = []
    /// What the store knew when it was taken up, and has not been taken over yet.
    var pending: PrefixTree.Match?
    var source = CacheSource.none
    var sampler: Sampler
    var statistics = GenerationStatistics()
    let arrived: ContinuousClock.Instant
    /// When it was taken up first.
    private(set) var admitted: ContinuousClock.Instant?
    var promptDone: ContinuousClock.Instant?
    /// Its client knows that it was taken up.
    var isAnnounced = false
    /// Nil until something is to be proposed.
    private(set) var lookup: PromptLookup?
    var lookupPace = LookupPace()
    /// Tokens that were there when it was taken up: all but the last are computed like a prompt.
    private var given: Int

    init(_ waiting: WaitingRequest) {
        id = waiting.id
        request = waiting.request
        output = waiting.output
        arrived = waiting.arrived
        tokens = waiting.request.prompt
        given = tokens.count
        sampler = Sampler(waiting.request, seed: waiting.request.sampling.seed ?? .random(in: 0...UInt64.max))
        statistics.promptTokens = tokens.count
    }

    var isPrefilling: Bool { phase == .computing && computed < given }
    var isDecoding: Bool { phase == .computing && computed >= given }
    var promptRemaining: Int { max(given - computed, 0) }
    var generated: Int { tokens.count - request.prompt.count }
    var isTakenUpFirst: Bool { admitted == nil }

    /// The most tokens that it may come to have.
    func longest(window: Int) -> Int { request.prompt.count + min(request.maxTokens, window - request.prompt.count) }

    func append(_ token: Int32) { tokens.append(token) }

    func followTokens() {
        var lookup = lookup ?? PromptLookup(capacity: tokens.count)
        self.lookup = nil  // or its arrays would be copied
        lookup.follow(tokens)
        self.lookup = lookup
    }

    func takeUp(_ match: PrefixTree.Match?, now: ContinuousClock.Instant) {
        phase = .restoring
        pending = match
        given = tokens.count
        if admitted == nil { admitted = now }
    }

    func start() { phase = .computing }

    func putBack() {
        phase = .waiting
        blocks = []
        pending = nil
        computed = 0
    }
}

/// A request on its way to the engine's thread.
struct WaitingRequest: Sendable {
    let id: Int
    let request: GenerationRequest
    let output: AsyncThrowingStream<GenerationEvent, any Error>.Continuation
    let arrived: ContinuousClock.Instant
}
