import JSON
import Messages
import Testing

@testable import InferenceRuntime

struct ChoicesTests {
    private func runs(_ engine: ScriptedEngine, prompts: Int, count: Int) throws -> [[ChoiceRun]] {
        let tokenizer = try Tokenizer(SmallTokenizer.json())
        let reader = AnswerReader(tokenizer: tokenizer, stops: [], parser: .init(), endsWithFirstCall: false) { _ in "" }
        return (0..<prompts).map { prompt in
            GenerationRequest(prompt: [Int32(prompt)], maxTokens: 9, sampling: Sampling(seed: 4)).choices(count).map {
                ChoiceRun(engine: engine, request: $0, reader: reader)
            }
        }
    }

    @Test func eachChoiceOfEachPromptComesToItsEnd() async throws {
        let engine = ScriptedEngine(answer: TestModel.bytes("abc"))
        var texts: [Int: String] = [:]
        var ends: Set<Int> = []
        for try await (index, event) in Choices.events(try runs(engine, prompts: 5, count: 3)) {
            switch event {
            case .started: texts[index] = ""
            case .output(let outputs, _): for case .text(let text) in outputs { texts[index]? += text }
            case .ended(let end):
                #expect(end.tokens == 3 && end.reason == .stop)
                #expect(ends.insert(index).inserted)
            }
        }
        #expect(texts == Dictionary(uniqueKeysWithValues: (0..<15).map { ($0, "abc") }))
        #expect(ends.count == 15)
        let seeds = engine.requests.filter { $0.prompt == [2] }.map(\.sampling.seed)
        #expect(Set(seeds) == [4, 5, 6] && seeds.first == 4)
    }

    @Test func aFullQueueIsTold() async throws {
        let events = Choices.events(try runs(ScriptedEngine(refusal: .queueFull(limit: 3)), prompts: 1, count: 2))
        let error = await #expect(throws: EngineError.self) { for try await _ in events {} }
        let failure = OpenAI.Failure(try #require(error))
        #expect(failure.status == 429 && failure.code == "queue_full" && failure.retryAfter == 2)
    }

    private func job(_ members: JSONObject) throws -> CompletionJob {
        try CompletionJob(.object(members), model: try TestModel.make(ScriptedEngine()))
    }

    @Test func promptsAreTextsOrTokensOrListsOfThem() throws {
        #expect(try job(["prompt": "ab"]).generations.map(\.prompt) == [[97, 98]])
        #expect(try job(["prompt": [1, 2]]).generations.map(\.prompt) == [[1, 2]])
        #expect(try job(["prompt": ["a", [7], "b"], "n": 3]).generations.map(\.prompt) == [[97], [7], [98]])
        for wrong in [[], [[]], ["a", 1], 5, ["a", nil]] as [JSON] {
            let failure = #expect(throws: OpenAI.Failure.self) { try job(["prompt": wrong]) }
            #expect(failure?.param == "prompt" && failure?.status == 400)
        }
        #expect(throws: OpenAI.Failure.self) { try job(["prompt": .array(Array(repeating: "a", count: 64)), "n": 2]) }
        #expect(throws: OpenAI.Failure.self) { try job(["prompt": "a", "n": 2, "best_of": 3]) }
        #expect(try job(["prompt": "a", "n": 2, "best_of": 2]).count == 2)
    }
}
