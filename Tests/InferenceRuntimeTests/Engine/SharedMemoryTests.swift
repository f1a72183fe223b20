import Checkpoint
import Locking
import Testing

@testable import InferenceRuntime

/// What the engine's thread holds, seen from inside.
@Suite(.timeLimit(.minutes(10)))
struct SharedMemoryTests {
    let files: TinyModel

    init() throws { files = try TinyModel() }

    /// Notes how many blocks somebody has, whenever a token is about to be chosen.
    struct Counting: TokenMask {
        let budget: KVBudget
        let counts: Counts
        func allowedTokens() -> TokenSet? {
            counts.value.withLock { $0.append(budget.count) }
            return nil
        }
        mutating func advance(by token: Int32) {}
    }
    final class Counts: Sendable { let value = Mutex<[Int]>([]) }

    /// Runs `requests` together from their first step on; how many rows of logits there was memory for in the end.
    private func run(_ requests: [GenerationRequest], _ settings: EngineSettings, _ store: KVStore, _ model: LanguageModel) async throws -> Int {
        let inbox = Inbox(maxQueue: 10)
        var streams: [AsyncThrowingStream<GenerationEvent, any Error>] = []
        for request in requests {
            let (stream, output) = AsyncThrowingStream.makeStream(of: GenerationEvent.self, throwing: (any Error).self)
            try inbox.submit(WaitingRequest(id: inbox.makeID(), request: request, output: output, arrived: ContinuousClock().now))
            streams.append(stream)
        }
        let result = Rows()
        let published = PublishedStatistics(EngineStatistics())
        let thread = try WorkerThread(name: "engine") {
            let scheduler = Scheduler(
                model: model, settings: settings, contextWindow: 2048, store: store, inbox: inbox, published: published)
            scheduler.run()
            result.value.withLock { $0 = scheduler.pass.logitRows }
        }
        for stream in streams { for try await _ in stream {} }
        inbox.stop()
        await inbox.waitUntilStopped()
        thread.join()
        return result.value.withLock { $0 }
    }
    private final class Rows: Sendable { let value = Mutex(0) }

    private func store(_ model: LanguageModel) throws -> KVStore {
        try KVStore(model: model, settings: CacheSettings(minTokens: 1), budget: KVBudget(blockBytes: model.blockBytes, limit: 64))
    }

    @Test(arguments: [Precision.reference, .fast])
    func onePromptOfTwoRequestsAtOnceIsInMemoryOnce(_ precision: Precision) async throws {
        let model = try files.load(precision)
        let store = try store(model)
        let counts = Counts()
        let prompt = TinyModel.tokens(600)
        let first = GenerationRequest(prompt: prompt, maxTokens: 60)
        let second = GenerationRequest(prompt: prompt, maxTokens: 2, mask: Counting(budget: store.budget, counts: counts))
        _ = try await run([first, second], EngineSettings(contextWindow: 2048, cache: store.settings), store, model)
        // Two full blocks, and a tail for each.
        #expect(counts.value.withLock(\.first) == 4)
    }

    @Test func theEstimateHasRoomForTheLogitsOfProposedTokens() async throws {
        let model = try files.load()
        let store = try store(model)
        let requests = (0..<2).map { _ in
            GenerationRequest(prompt: LookupTests.prompt, maxTokens: LookupTests.copied.count, mask: LookupTests.ThisText(tokens: LookupTests.copied))
        }
        let settings = EngineSettings(contextWindow: 2048, maxBatch: 2, cache: store.settings)
        let rows = try await run(requests, settings, store, model)
        #expect(rows > 2, "nothing was proposed")
        #expect(rows <= AnswerRows.most(batch: 2))
        let overhead = model.configuration.overheadBytes(batch: 2)
        #expect(overhead >= model.configuration.overheadBytes(batch: 2, proposed: 0) + (rows - 2) * model.vocabularySize * 4)
    }
}
