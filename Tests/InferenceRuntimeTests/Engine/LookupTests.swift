import Testing

@testable import InferenceRuntime

/// Proposals change how fast an answer comes, and nothing else.
@Suite(.timeLimit(.minutes(10)))
struct LookupTests {
    let files: TinyModel

    init() throws { files = try TinyModel() }

    func engine(_ model: LanguageModel, proposed: Int, window: Int = 2048, _ change: (inout EngineSettings) -> Void = { _ in }) throws -> Engine {
        var settings = EngineSettings(contextWindow: window, lookupTokens: proposed)
        settings.cache.enabled = false
        change(&settings)
        return try Engine(model: model, settings: settings)
    }

    /// Allows one text, token by token.
    struct ThisText: TokenMask {
        let tokens: [Int32]
        var next = 0
        var isComplete: Bool { next == tokens.count }
        func allowedTokens() -> TokenSet? { TokenSet(capacity: TinyModel.vocabulary, tokens[next...].prefix(1)) }
        mutating func advance(by token: Int32) { next += 1 }
    }

    static let prompt = TinyModel.tokens(80) + TinyModel.tokens(80)
    /// The prompt with edits.
    static let copied = Array(prompt[20..<50] + [7, 8] + prompt[50..<72] + [9] + prompt[74..<120])

    /// Each in two ways of choosing, with what the engine says of both.
    func both(_ model: LanguageModel, _ requests: [GenerationRequest], window: Int = 2048) async throws -> (proposed: Int, accepted: Int) {
        let plain = try engine(model, proposed: 0, window: window)
        let looking = try engine(model, proposed: 7, window: window)
        var sums = (proposed: 0, accepted: 0)
        for request in requests {
            let (expected, found) = (try await plain.run(request), try await looking.run(request))
            PuttingBackTests.expectSame([found], [expected])
            #expect(expected.statistics?.proposedTokens == 0)
            sums.proposed += found.statistics?.proposedTokens ?? 0
            sums.accepted += found.statistics?.acceptedTokens ?? 0
        }
        await plain.shutdown()
        await looking.shutdown()
        #expect(looking.statistics.proposedTokens == sums.proposed && looking.statistics.acceptedTokens == sums.accepted)
        #expect(looking.statistics.generatedTokens == plain.statistics.generatedTokens)
        return sums
    }

    @Test(arguments: Precision.allCases)
    func theTokensAreTheSameHoweverTheyAreChosen(_ precision: Precision) async throws {
        let model = try files.load(precision)
        let samplings = [
            Sampling(), Sampling(temperature: 0.6, topK: 2, seed: 1), Sampling(temperature: 1, topP: 0.5, seed: 2),
            Sampling(temperature: 0.8, topK: 3, seed: 3, repetitionPenalty: 1.05),
            Sampling(presencePenalty: 0.4, frequencyPenalty: 0.02), Sampling(temperature: 0.5, minP: 0.3, seed: 4, frequencyPenalty: 0.01),
            // Few tokens that win most of the time: much is proposed, and some of it refused.
            Sampling(temperature: 1, seed: 5, logitBias: [4: 9, 5: 9, 6: 8]),
        ]
        let requests = samplings.flatMap { sampling in
            [nil, 3].map { GenerationRequest(prompt: Self.prompt, maxTokens: 150, sampling: sampling, logprobs: $0) }
        }
        let sums = try await both(model, requests)
        #expect(sums.accepted > 20 && sums.proposed > sums.accepted + 20, "\(sums)")
    }

    @Test(arguments: Precision.allCases)
    func masksAndTheirEndsAreKept(_ precision: Precision) async throws {
        let model = try files.load(precision)
        let copying = GenerationRequest(
            prompt: Self.prompt, maxTokens: 500, sampling: Sampling(temperature: 1, seed: 1), logprobs: 1, mask: ThisText(tokens: Self.copied))
        let sums = try await both(model, [copying])
        #expect(sums.accepted > Self.copied.count / 3)
        let drifting = (0..<4).map { seed in
            GenerationRequest(
                prompt: Self.prompt, maxTokens: 200, sampling: Sampling(temperature: 0.5, topK: 2, seed: seed),
                mask: PuttingBackTests.Drifting(state: seed))
        }
        _ = try await both(model, drifting)
    }

    /// A grammar's mask, whose states are shared by all that have it.
    @Test func aGrammarIsKept() async throws {
        let tokenizer = try GrammarTokenizer.make()
        let grammars = AnswerGrammars(tokenizer, dialect: nil, capacity: TinyModel.vocabulary)
        let form = AnswerForm(format: ["type": "array", "items": ["enum": ["abcabcabc", "content"]], "minItems": 20, "maxItems": 30])
        let requests = try (0..<4).map { seed in
            GenerationRequest(
                prompt: Self.prompt, maxTokens: 300, sampling: Sampling(temperature: 1, seed: seed),
                mask: try grammars.mask(form, stopTokens: [], budget: 300).mask)
        }
        let sums = try await both(try files.load(), requests)
        #expect(sums.accepted > 20)
    }

    /// Every end that may fall among proposed tokens: the most that are wanted, a stop token, the window.
    @Test func anEndAmongProposedTokensIsTheEnd() async throws {
        let model = try files.load()
        let copying = GenerationRequest(prompt: Self.prompt, maxTokens: 500, mask: ThisText(tokens: Self.copied))
        var requests: [GenerationRequest] = []
        for count in 0...44 {
            var request = copying
            request.maxTokens = count
            requests.append(request)
        }
        for stop in Set(Self.copied[..<44]) {
            var request = copying
            request.stopTokens = [stop]
            requests.append(request)
        }
        let sums = try await both(model, requests)
        #expect(sums.accepted > 300)
        for window in Self.prompt.count + 1...Self.prompt.count + 30 { _ = try await both(model, [copying], window: window) }
    }

    /// What is kept of an answer is what was chosen: the next turn finds it, and goes on as if it had been computed.
    @Test(arguments: Precision.allCases)
    func whatWasRefusedLeavesNothingInTheCache(_ precision: Precision) async throws {
        let model = try files.load(precision)
        let looking = try engine(model, proposed: 7) {
            $0.cache.enabled = true
            $0.cache.minTokens = 1
        }
        let cold = try engine(model, proposed: 0)
        for count in stride(from: 5, through: Self.copied.count, by: 7) {
            var copying = GenerationRequest(prompt: [Int32(count)] + Self.prompt + Self.prompt, maxTokens: count)
            copying.mask = ThisText(tokens: Self.copied)
            let answer = try await looking.run(copying)
            #expect(answer.tokens == Array(Self.copied[..<count]))
            let next = GenerationRequest(prompt: copying.prompt + answer.tokens + [1, 2], maxTokens: 20, logprobs: 2)
            let found = try await looking.run(next)
            #expect(found.cachedTokens == copying.prompt.count + count - 1)
            #expect(try await cold.run(next).generated == found.generated)
        }
        await looking.shutdown()
        await cold.shutdown()
    }

    /// Two that copy, in memory for one.
    @Test func whoIsPutBackGoesOnProposing() async throws {
        let model = try files.load()
        let text = (0..<14).flatMap { _ in Self.copied }
        let requests = (0..<2).map { seed in
            GenerationRequest(
                prompt: Self.prompt + TinyModel.tokens(3, seed: seed), maxTokens: 1300, sampling: Sampling(temperature: 1, seed: seed), logprobs: 0,
                mask: ThisText(tokens: text))
        }
        let plain = try engine(model, proposed: 0)
        let expected = try await plain.run(requests)
        let looking = try engine(model, proposed: 7) {
            $0.kvMemoryBytes = 8 * model.blockBytes
            $0.answerMargin = 40
            $0.cache.enabled = true
        }
        let found = try await looking.run(requests)
        PuttingBackTests.expectSame(found, expected)
        await plain.shutdown()
        await looking.shutdown()
        #expect(looking.statistics.requestsPutBack > 0 && looking.statistics.acceptedTokens > 650)
    }

    @Test func nothingIsProposedForMoreStreamsThanTheSettingsSay() async throws {
        let model = try files.load()
        let copying = GenerationRequest(prompt: Self.prompt, maxTokens: 60, mask: ThisText(tokens: Self.copied))
        let engine = try engine(model, proposed: 7) { $0.lookupStreams = 0 }
        let outcome = try await engine.run(copying)
        #expect(outcome.tokens == Array(Self.copied[..<60]) && outcome.statistics?.proposedTokens == 0)
        await engine.shutdown()
    }
}
