import Glibc
import Locking
import Testing

@testable import InferenceRuntime

@Suite(.timeLimit(.minutes(10)))
struct EngineTests {
    let files: TinyModel
    let model: LanguageModel

    init() throws {
        files = try TinyModel()
        model = try files.load()
    }

    func engine(_ change: (inout EngineSettings) -> Void = { _ in }) throws -> Engine {
        var settings = EngineSettings(contextWindow: 2048, prefillChunk: 64)
        settings.cache.minTokens = 1
        change(&settings)
        return try Engine(model: model, settings: settings)
    }

    static func sampled(_ seed: UInt64) -> Sampling { Sampling(temperature: 0.9, topP: 0.95, topK: 40, seed: seed) }

    /// Limits that mean "as much as there is" are numbers like others.
    @Test func limitsMayBeTheLargestNumbers() async throws {
        let engine = try engine {
            $0.contextWindow = 40
            $0.maxBatch = .max
            $0.maxQueue = .max
        }
        let outcome = try await engine.run(GenerationRequest(prompt: TinyModel.tokens(30), maxTokens: .max))
        #expect(outcome.reason == .contextFull)
        #expect(outcome.tokens.count == 10)
        await engine.shutdown()
    }

    @Test func aRequestGivesTheSameTokensAloneAndInABatch() async throws {
        let requests = (0..<6).map { index in
            GenerationRequest(
                prompt: TinyModel.tokens(20 + index * 61, seed: UInt64(index)), maxTokens: 24,
                sampling: index % 2 == 0 ? Sampling() : Self.sampled(UInt64(index)))
        }
        var alone: [[Int32]] = []
        for request in requests {
            let engine = try engine { $0.cache.enabled = false }
            alone.append(try await engine.run(request).tokens)
            await engine.shutdown()
        }
        let engine = try engine()
        let together = try await withThrowingTaskGroup(of: (Int, [Int32]).self) { group in
            for (index, request) in requests.enumerated() { group.addTask { (index, try await engine.run(request).tokens) } }
            return try await group.reduce(into: Array(repeating: [Int32](), count: requests.count)) { $0[$1.0] = $1.1 }
        }
        #expect(together == alone)
        #expect(alone.allSatisfy { $0.count == 24 })
        await engine.shutdown()
    }

    @Test func aRepeatedPromptIsFoundAndGivesTheSame() async throws {
        let engine = try engine()
        let request = GenerationRequest(prompt: TinyModel.tokens(700), maxTokens: 30, sampling: Self.sampled(3))
        let first = try await engine.run(request)
        let second = try await engine.run(request)
        #expect(first.cachedTokens == 0 && first.source == .none)
        #expect(second.cachedTokens == 699 && second.source == .memory)
        #expect(second.tokens == first.tokens)
        #expect(engine.cachedPrefixLength(of: request.prompt) == 699)
        // The next turn of the conversation: prompt, answer, and some more.
        let next = request.prompt + first.tokens + TinyModel.tokens(50, seed: 8)
        let turn = GenerationRequest(prompt: next, maxTokens: 10)
        let followUp = try await engine.run(turn)
        #expect(followUp.cachedTokens == 700 + 29)
        // Another question after the same beginning parts within a block.
        let other = Array(request.prompt[..<600]) + TinyModel.tokens(90, seed: 9)
        let parted = try await engine.run(GenerationRequest(prompt: other, maxTokens: 10))
        #expect(parted.cachedTokens == 600)
        let cold = try self.engine { $0.cache.enabled = false }
        #expect(try await cold.run(turn).tokens == followUp.tokens)
        #expect(try await cold.run(GenerationRequest(prompt: other, maxTokens: 10)).tokens == parted.tokens)
        await engine.shutdown()
        await cold.shutdown()
    }

    /// Holds the engine's thread when a request has so many tokens, until the test lets it go on.
    struct Gate: TokenMask {
        let signal = Signal()
        var tokens: Int
        func allowedTokens() -> TokenSet? { nil }
        mutating func advance(by token: Int32) {
            tokens -= 1
            if tokens == 0 { signal.wait() }
        }
    }

    @Test func cancellingStopsWithinAStepAndKeepsThePrompt() async throws {
        let engine = try engine()
        let prompt = TinyModel.tokens(300)
        let gate = Gate(tokens: 4)
        var seen = 0
        for try await event in engine.generate(GenerationRequest(prompt: prompt, maxTokens: 1500, mask: gate)) {
            if case .token = event { seen += 1 }
            if seen == 3 { break }
        }
        gate.signal.raise()
        // A request that comes after the cancellation finds the engine free, and the prompt kept.
        let later = try await engine.run(GenerationRequest(prompt: prompt, maxTokens: 1))
        #expect(later.cachedTokens == 299)
        #expect(engine.statistics.requestsCancelled == 1)
        #expect(engine.statistics.generatedTokens == 5)
        await engine.shutdown()
    }

    @Test func aFullQueueRefuses() async throws {
        let engine = try engine {
            $0.maxBatch = 1
            $0.maxQueue = 1
        }
        let gate = Gate(tokens: 1)
        let long = GenerationRequest(prompt: TinyModel.tokens(10), maxTokens: 2000, mask: gate)
        let running = engine.generate(long)
        var iterator = running.makeAsyncIterator()
        _ = try await iterator.next()  // it is admitted: the queue is empty
        let waiting = engine.generate(long)
        await #expect(throws: EngineError.queueFull(limit: 1)) { try await engine.run(long) }
        #expect(engine.statistics.queued == 1)
        #expect(engine.statistics.requestsRefused == 1)
        gate.signal.raise()
        await engine.shutdown()
        withExtendedLifetime((running, waiting)) {}
    }

    @Test func whatCannotBeComputedIsRefused() async throws {
        let engine = try engine { $0.contextWindow = 100 }
        await #expect(throws: EngineError.contextOverflow(prompt: 100, limit: 100)) {
            try await engine.run(GenerationRequest(prompt: TinyModel.tokens(100), maxTokens: 1))
        }
        await #expect(throws: EngineError.invalidRequest("the prompt is empty")) {
            try await engine.run(GenerationRequest(prompt: [], maxTokens: 1))
        }
        await #expect(throws: EngineError.invalidRequest("token 300 is outside the vocabulary of 300")) {
            try await engine.run(GenerationRequest(prompt: [300], maxTokens: 1))
        }
        await #expect(throws: EngineError.self) {
            try await engine.run(GenerationRequest(prompt: [1], maxTokens: 1, sampling: Sampling(temperature: .nan)))
        }
        let full = try await engine.run(GenerationRequest(prompt: TinyModel.tokens(90), maxTokens: 50))
        #expect(full.reason == .contextFull)
        #expect(full.tokens.count == 10)
        #expect(throws: RuntimeError.self) { try self.engine { $0.contextWindow = 5000 } }
        await engine.shutdown()
        await #expect(throws: EngineError.shuttingDown) { try await engine.run(GenerationRequest(prompt: [1], maxTokens: 1)) }
    }

    @Test func stopTokensEndAndAreNotEmitted() async throws {
        let engine = try engine()
        let prompt = TinyModel.tokens(30)
        let free = try await engine.run(GenerationRequest(prompt: prompt, maxTokens: 12))
        let stop = try #require(free.tokens.last)
        let first = try #require(free.tokens.firstIndex(of: stop))
        let stopped = try await engine.run(GenerationRequest(prompt: prompt, maxTokens: 12, stopTokens: [stop]))
        #expect(stopped.tokens == Array(free.tokens[..<first]))
        #expect(stopped.reason == .stopToken(stop))
        let warm = try await engine.run(GenerationRequest(prompt: prompt, maxTokens: 0))
        #expect(warm.tokens.isEmpty && warm.reason == .length)
        await engine.shutdown()
    }

    struct OnlyTheseInTurn: TokenMask {
        var left: [Int32]
        func allowedTokens() -> TokenSet? { TokenSet(capacity: 300, left.prefix(1)) }
        mutating func advance(by token: Int32) { left.removeFirst() }
    }

    @Test func aMaskRules() async throws {
        let engine = try engine()
        let request = GenerationRequest(prompt: TinyModel.tokens(30), maxTokens: 12, mask: OnlyTheseInTurn(left: [5, 250, 7]))
        let outcome = try await engine.run(request)
        #expect(outcome.tokens == [5, 250, 7])
        #expect(outcome.reason == .noTokenAllowed)
        await engine.shutdown()
    }

    @Test func logprobsAreOfTheModelItself() async throws {
        let engine = try engine()
        let request = GenerationRequest(
            prompt: TinyModel.tokens(30), maxTokens: 3, sampling: Sampling(logitBias: [17: 1000]), logprobs: 300)
        let outcome = try await engine.run(request)
        #expect(outcome.tokens == [17, 17, 17])
        for token in outcome.generated {
            let sum = token.alternatives.reduce(0.0) { $0 + exp(Double($1.logprob)) }
            #expect(abs(sum - 1) < 1e-4)
            #expect(token.alternatives.first { $0.id == 17 }?.logprob == token.logprob)
            #expect((token.logprob ?? 0) < -0.1)
        }
        await engine.shutdown()
    }

    /// Notes how much the engine had computed when a token was chosen.
    struct Witness: TokenMask {
        let engine: Engine
        let seen = Seen()
        func allowedTokens() -> TokenSet? { nil }
        mutating func advance(by token: Int32) { seen.value.withLock { $0 = engine.statistics.prefilledTokens } }

        final class Seen: Sendable {
            let value = Mutex<Int?>(nil)
        }
    }

    /// How much the engine had computed when a short prompt that came with a long one had its token.
    private func computedUntilAShortOneIsAnswered(_ change: (inout EngineSettings) -> Void) async throws -> Int {
        let engine = try engine(change)
        let gate = Gate(tokens: 1)
        let first = engine.generate(GenerationRequest(prompt: TinyModel.tokens(5, seed: 6), maxTokens: 2, mask: gate))
        var iterator = first.makeAsyncIterator()
        _ = try await iterator.next()
        // Both wait while the engine is held.
        let long = engine.generate(GenerationRequest(prompt: TinyModel.tokens(1900), maxTokens: 1))
        let witness = Witness(engine: engine)
        let short = engine.generate(GenerationRequest(prompt: TinyModel.tokens(8, seed: 4), maxTokens: 1, mask: witness))
        gate.signal.raise()
        for try await _ in short {}
        withExtendedLifetime((first, long)) {}
        await engine.shutdown()
        return try #require(witness.seen.value.withLock { $0 })
    }

    @Test func aShortPromptIsNotHeldUpByALongOne() async throws {
        #expect(try await computedUntilAShortOneIsAnswered { $0.prefillChunk = 32 } <= 5 + 2 * 32)
    }

    /// However much a step may have, with others it has no more than its time allows.
    @Test func aStepThatOthersWaitForIsShort() async throws {
        let computed = try await computedUntilAShortOneIsAnswered {
            $0.prefillChunk = 1024
            $0.loneStepSeconds = .infinity
            $0.sharedStepSeconds = 0
        }
        // No prompt has been measured yet in the first step.
        #expect(computed <= 5 + StepPlan.first + StepPlan.fewest)
    }

    @Test func memoryForKeysAndValuesIsBounded() async throws {
        let limit = 12
        let engine = try engine {
            $0.kvMemoryBytes = limit * model.blockBytes
            $0.cache.slots = 100
        }
        for seed in 0..<8 { _ = try await engine.run(GenerationRequest(prompt: TinyModel.tokens(900, seed: UInt64(seed)), maxTokens: 4)) }
        let statistics = engine.statistics.cache
        #expect(statistics.bytesInMemory <= limit * model.blockBytes)
        #expect(statistics.evictedBlocks > 0)
        // What was used last is still there.
        #expect(engine.cachedPrefixLength(of: TinyModel.tokens(900, seed: 7)) == 899)
        await engine.shutdown()
    }

    @Test func theMemoryOfTheProcessLeavesItsRestForContexts() throws {
        var settings = EngineSettings(maxBatch: 8)
        let rest = model.weightBytes + model.configuration.overheadBytes(batch: 8)
        let window = 4 * LanguageModel.blockTokens
        func limit() throws -> Int { try KVBudget(model: model, settings: settings, contextWindow: window).limit }
        #expect(try limit() == 32, "eight contexts, where nothing bounds them")
        settings.memoryBytes = rest + 12 * model.blockBytes
        #expect(try limit() == 12)
        settings.memoryBytes = rest
        #expect(try limit() == 4, "less than one context answers nothing")
    }
}
