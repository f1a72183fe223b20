import Locking
import Testing

@testable import InferenceRuntime

/// Memory for keys and values that is too small for all who run: some wait again in between, and their clients see a pause and nothing else.
@Suite(.timeLimit(.minutes(10)))
struct PuttingBackTests {
    let files: TinyModel

    init() throws { files = try TinyModel() }

    static let window = 2048
    static let windowBlocks = window / LanguageModel.blockTokens

    func engine(_ model: LanguageModel, blocks: Int = windowBlocks, _ change: (inout EngineSettings) -> Void = { _ in }) throws -> Engine {
        var settings = EngineSettings(
            contextWindow: Self.window, maxBatch: 4, prefillChunk: 200, answerMargin: 40, kvMemoryBytes: blocks * model.blockBytes)
        settings.cache.minTokens = 1
        change(&settings)
        return try Engine(model: model, settings: settings)
    }

    /// What each gives when it has the engine for itself.
    func alone(_ model: LanguageModel, _ requests: [GenerationRequest]) async throws -> [Outcome] {
        let engine = try Engine(
            model: model, settings: EngineSettings(contextWindow: Self.window, maxBatch: 1, cache: CacheSettings(enabled: false)))
        var outcomes: [Outcome] = []
        for request in requests { outcomes.append(try await engine.run(request)) }
        await engine.shutdown()
        return outcomes
    }

    /// Allows what its own number lets through: each token depends on all before it.
    struct Drifting: TokenMask {
        var state: UInt64
        func allowedTokens() -> TokenSet? {
            var random = RandomNumbers(seed: state)
            return TokenSet(capacity: TinyModel.vocabulary, (0..<Int32(TinyModel.vocabulary)).filter { _ in random.next() % 3 > 0 })
        }
        mutating func advance(by token: Int32) { state = state &* 31 &+ UInt64(token) }
    }

    /// One of each kind of state that a request has: a random generator, counts of tokens, a mask, log-probabilities.
    static func kinds(_ prompts: [[Int32]], maxTokens: Int) -> [GenerationRequest] {
        prompts.enumerated().map { index, prompt in
            var request = GenerationRequest(prompt: prompt, maxTokens: maxTokens)
            let seed = UInt64(index)
            switch index % 4 {
            case 0: request.sampling = Sampling(temperature: 0.9, topP: 0.95, topK: 40, seed: seed)
            case 1: request.sampling = Sampling(temperature: 1, seed: seed, repetitionPenalty: 1.1, presencePenalty: 0.2, frequencyPenalty: 0.01)
            case 2:
                request.sampling = Sampling(temperature: 0.7, minP: 0.01, seed: seed)
                request.mask = Drifting(state: seed)
            default: request.logprobs = 2
            }
            return request
        }
    }

    static func expectSame(_ found: [Outcome], _ expected: [Outcome]) {
        for (index, (found, expected)) in zip(found, expected).enumerated() {
            let same = zip(found.generated, expected.generated).prefix { $0 == $1 }.count
            #expect(same == expected.generated.count, "request \(index) parts after \(same) of \(expected.generated.count)")
            #expect(found.generated.count == expected.generated.count && found.reason == expected.reason && found.starts == 1, "request \(index)")
            #expect(found.statistics?.generatedTokens == expected.tokens.count && found.statistics?.promptTokens == expected.statistics?.promptTokens)
        }
        #expect(found.count == expected.count)
    }

    @Test(arguments: Precision.allCases, [true, false])
    func fourThatEachFillTheWindowEndInMemoryForOne(_ precision: Precision, keeps: Bool) async throws {
        let model = try files.load(precision)
        let requests = Self.kinds((0..<4).map { TinyModel.tokens(60 + $0 * 170, seed: UInt64($0)) }, maxTokens: .max)
        let expected = try await alone(model, requests)
        let engine = try engine(model) { $0.cache.enabled = keeps }
        let found = try await engine.run(requests)
        Self.expectSame(found, expected)
        #expect(expected.allSatisfy { $0.reason == .contextFull })
        await engine.shutdown()
        let statistics = engine.statistics
        #expect(statistics.requestsPutBack > 0)
        // One comes back when another has ended, so that each goes at most once for each of the others.
        #expect(statistics.requestsPutBack <= 4 * 3)
        #expect(statistics.queued == 0 && statistics.requestsCompleted == 4)
        #expect(statistics.cache.bytesInMemory <= Self.windowBlocks * model.blockBytes)
    }

    /// Budgets, margins, shared beginnings, chunks and caches as they come.
    @Test(arguments: 0..<12)
    func whateverTheMemoryTheTokensAreThose(_ seed: Int) async throws {
        var random = RandomNumbers(seed: UInt64(1000 + seed))
        func number(_ range: Range<Int>) -> Int { range.lowerBound + Int(random.next() % UInt64(range.count)) }
        let model = try files.load(seed % 2 == 0 ? .reference : .fast)
        let common = TinyModel.tokens(number(0..<700), seed: 77)
        let prompts = (0..<number(3..<7)).map { index in
            (index % 3 == 2 ? [] : common) + TinyModel.tokens(number(1..<500), seed: UInt64(seed * 10 + index))
        }
        let requests = Self.kinds(prompts, maxTokens: number(200..<1200))
        let folder = try RestartTests.Folder()
        let blocks = Self.windowBlocks + number(0..<4)
        let engine = try engine(model, blocks: blocks) {
            $0.answerMargin = number(1..<300)
            $0.prefillChunk = number(1..<400)
            $0.maxBatch = number(2..<6)
            $0.cache.enabled = number(0..<4) > 0
            $0.cache.slots = number(1..<6)
            $0.cache.minTokens = number(1..<300)
            if number(0..<2) == 0 { $0.cache.directory = folder.path + "/kv" }
        }
        let found = try await engine.run(requests)
        Self.expectSame(found, try await alone(model, requests))
        await engine.shutdown()
        #expect(engine.statistics.queued == 0 && engine.statistics.requestsCompleted == requests.count)
    }

    /// Notes the engine's counts when a token was chosen.
    struct Witness: TokenMask {
        let engine: Engine
        let seen = Seen()
        func allowedTokens() -> TokenSet? { nil }
        mutating func advance(by token: Int32) { seen.value.withLock { $0.append(engine.statistics) } }

        final class Seen: Sendable {
            let value = Mutex<[EngineStatistics]>([])
        }
    }

    /// The engine's counts at each token of a short stream that came while one runs that may become as long as the window.
    private func countsBeside(
        _ long: [Int32], _ short: [Int32], _ change: (inout EngineSettings) -> Void = { _ in }
    ) async throws -> [EngineStatistics] {
        let engine = try engine(try files.load(), change)
        let gate = EngineTests.Gate(tokens: 4)
        let running = engine.generate(GenerationRequest(prompt: long, maxTokens: 32_000, mask: gate))
        var iterator = running.makeAsyncIterator()
        _ = try await iterator.next()
        let witness = Witness(engine: engine)
        let coming = engine.generate(GenerationRequest(prompt: short, maxTokens: 3, mask: witness))
        gate.signal.raise()
        for try await _ in coming {}
        withExtendedLifetime(running) {}
        await engine.shutdown()
        return witness.seen.value.withLock { $0 }
    }

    @Test func aSecondStreamDoesNotWaitForTheEndOfOneThatMayBecomeLong() async throws {
        let prompts = (TinyModel.tokens(300), TinyModel.tokens(300, seed: 4))
        let beside = try await countsBeside(prompts.0, prompts.1)
        #expect(beside.count == 3 && beside.allSatisfy { $0.requestsCompleted == 0 && $0.active == 2 })
        // That it does not is what the margin is for.
        let after = try await countsBeside(prompts.0, prompts.1) { $0.answerMargin = .max }
        #expect(after.count == 3 && after.allSatisfy { $0.requestsCompleted == 1 && $0.active == 1 })
    }

    /// Two prompts of five blocks each fit in eight where they share four.
    @Test func whatIsSharedIsNotAskedForTwice() async throws {
        let common = TinyModel.tokens(1030)
        let sharing = try await countsBeside(common + [1, 2, 3], common + [4, 5])
        #expect(sharing.count == 3 && sharing.allSatisfy { $0.requestsCompleted == 0 && $0.active == 2 && $0.requestsPutBack == 0 })
        let apart = try await countsBeside(common + [1, 2, 3], TinyModel.tokens(1032, seed: 5))
        #expect(apart.count == 3 && apart.allSatisfy { $0.requestsCompleted == 1 })
    }

    /// The first of two goes on, the second has been put back, and the engine is held.
    private func putBack(_ engine: Engine) async throws -> (first: Task<Outcome, any Error>, second: Task<Outcome, any Error>, gate: EngineTests.Gate)
    {
        // Four blocks each; the next one is the first one's.
        let gate = EngineTests.Gate(tokens: 1200)
        let streams = [
            engine.generate(GenerationRequest(prompt: TinyModel.tokens(110), maxTokens: .max, mask: gate)),
            engine.generate(GenerationRequest(prompt: TinyModel.tokens(100, seed: 3), maxTokens: .max)),
        ]
        let tasks = streams.map { stream in
            Task {
                var outcome = Outcome()
                for try await event in stream { if case .token(let token) = event { outcome.tokens.append(token.id) } }
                return outcome
            }
        }
        while engine.statistics.requestsPutBack < 1 || engine.statistics.queued < 1 {
            try Task.checkCancellation()
            await Task.yield()
        }
        return (tasks[0], tasks[1], gate)
    }

    @Test func whoWasPutBackMayLeave() async throws {
        let engine = try engine(try files.load())
        let (first, second, gate) = try await putBack(engine)
        // What it had is kept, until its memory is needed.
        #expect(engine.cachedPrefixLength(of: TinyModel.tokens(100, seed: 3)) == 99)
        second.cancel()
        gate.signal.raise()
        #expect(try await first.value.tokens.count == Self.window - 110)
        _ = try? await second.value
        await engine.shutdown()
        let statistics = engine.statistics
        #expect(statistics.requestsPutBack == 1 && statistics.requestsCancelled == 1 && statistics.queued == 0)
    }

    @Test func whoWasPutBackHearsOfTheEndAndCountsAmongThoseWhoWait() async throws {
        let engine = try engine(try files.load()) { $0.maxQueue = 2 }
        let (first, second, gate) = try await putBack(engine)
        let short = GenerationRequest(prompt: [1], maxTokens: 1)
        let third = engine.generate(short)
        await #expect(throws: EngineError.queueFull(limit: 2)) { try await engine.run(short) }
        async let end: Void = engine.shutdown()
        // Until it is told to stop, it refuses for another reason.
        while true {
            try Task.checkCancellation()
            do { _ = try await engine.run(short) } catch EngineError.queueFull { await Task.yield() } catch {
                #expect(error as? EngineError == .shuttingDown)
                break
            }
        }
        gate.signal.raise()
        await end
        await #expect(throws: EngineError.shuttingDown) { try await first.value }
        await #expect(throws: EngineError.shuttingDown) { try await second.value }
        await #expect(throws: EngineError.shuttingDown) { for try await _ in third {} }
        #expect(engine.statistics.queued == 0)
    }
}
