import Testing

@testable import InferenceRuntime

/// What is kept on disk, and what damage to it costs: time, never a wrong token.
@Suite(.timeLimit(.minutes(10)))
struct RestartTests {
    let files: TinyModel
    let model: LanguageModel
    let directory: Folder
    let request = GenerationRequest(prompt: TinyModel.tokens(700), maxTokens: 20, sampling: Sampling(temperature: 0.8, seed: 5))

    final class Folder: Sendable {
        let path: String
        init() throws { path = try TemporaryDirectory.make() }
        deinit { TemporaryDirectory.remove(path) }
    }

    init() throws {
        files = try TinyModel()
        model = try files.load()
        directory = try Folder()
    }

    func engine(maxBytes: Int = 1 << 30, slots: Int = 10, model: LanguageModel? = nil) throws -> Engine {
        var settings = EngineSettings(contextWindow: 2048)
        settings.cache = CacheSettings(slots: slots, minTokens: 10, directory: directory.path + "/kv", maxBytes: maxBytes)
        return try Engine(model: model ?? self.model, settings: settings)
    }

    /// The outcome of one request to an engine that starts and ends with it.
    func once(_ request: GenerationRequest, model: LanguageModel? = nil) async throws -> (outcome: Outcome, statistics: EngineStatistics) {
        let engine = try engine(model: model)
        let outcome = try await engine.run(request)
        await engine.shutdown()
        return (outcome, engine.statistics)
    }

    var segments: [String] { TemporaryDirectory.files(directory.path).filter { $0.hasSuffix(".kv") } }

    @Test func aRestartFindsWhatWasKept() async throws {
        let (first, _) = try await once(request)
        let (second, statistics) = try await once(request)
        #expect(second.cachedTokens == 699 && second.source == .disk)
        #expect(second.tokens == first.tokens)
        #expect(statistics.cache.verifyFailures == 0)
        #expect(statistics.cache.restoredTokens >= 699)
        let turn = GenerationRequest(prompt: request.prompt + first.tokens + TinyModel.tokens(30, seed: 2), maxTokens: 20)
        let (followUp, _) = try await once(turn)
        #expect(followUp.cachedTokens == 719)
        TemporaryDirectory.remove(directory.path + "/kv")
        #expect(try await once(turn).outcome.tokens == followUp.tokens)
    }

    @Test func keysAndValuesInHalfPrecisionSurviveToo() async throws {
        let half = try files.load(.fast)
        let (first, _) = try await once(request, model: half)
        let (second, _) = try await once(request, model: half)
        #expect(second.cachedTokens == 699 && second.tokens == first.tokens)
        // Another precision is another namespace.
        #expect(try await once(request).outcome.cachedTokens == 0)
    }

    @Test func whatWasReadFromDiskOnceIsInMemory() async throws {
        let (first, _) = try await once(request)
        let engine = try engine()
        let read = try await engine.run(request)
        let bytes = engine.statistics.cache.restoredBytes
        let again = try await engine.run(request)
        #expect(read.source == .disk && again.source == .memory && again.cachedTokens == 699)
        #expect(read.restoreSeconds > 0 && read.restoreSeconds == read.statistics?.restoreSeconds && again.restoreSeconds == 0)
        #expect(read.tokens == first.tokens && again.tokens == first.tokens)
        #expect(engine.statistics.cache.restoredBytes == bytes)
        await engine.shutdown()
    }

    @Test func aPinnedPrefixOutlivesConversationsAndRestarts() async throws {
        let prefix = TinyModel.tokens(600, seed: 40)
        let warming = GenerationRequest(prompt: prefix, maxTokens: 0, isPinned: true)
        let expected = try await once(GenerationRequest(prompt: prefix + [7], maxTokens: 5)).outcome.tokens
        TemporaryDirectory.remove(directory.path + "/kv")
        let first = try engine(slots: 1)
        _ = try await first.run(warming)
        for seed in 0..<4 { _ = try await first.run(GenerationRequest(prompt: TinyModel.tokens(400, seed: UInt64(seed)), maxTokens: 2)) }
        #expect(first.cachedPrefixLength(of: prefix + [7]) == 600)
        #expect(first.statistics.cache.pins == 1 && first.statistics.cache.slots == 1)
        await first.shutdown()
        let second = try engine(slots: 1)
        for seed in 4..<8 { _ = try await second.run(GenerationRequest(prompt: TinyModel.tokens(400, seed: UInt64(seed)), maxTokens: 2)) }
        #expect(second.statistics.cache.pins == 1)
        let outcome = try await second.run(GenerationRequest(prompt: prefix + [7], maxTokens: 5))
        #expect(outcome.cachedTokens == 600 && outcome.tokens == expected)
        // A later pin takes its place, and then it is a conversation like others.
        _ = try await second.run(GenerationRequest(prompt: TinyModel.tokens(300, seed: 50), maxTokens: 0, isPinned: true))
        for seed in 8..<10 { _ = try await second.run(GenerationRequest(prompt: TinyModel.tokens(400, seed: UInt64(seed)), maxTokens: 2)) }
        #expect(second.cachedPrefixLength(of: prefix + [7]) < 10)
        await second.shutdown()
    }

    @Test func damagedPinsCostThePinsOnly() async throws {
        _ = try await once(GenerationRequest(prompt: request.prompt, maxTokens: 0, isPinned: true))
        let path = try #require(TemporaryDirectory.files(directory.path).first { $0.hasSuffix("/pins") })
        let whole = try TemporaryDirectory.read(path)
        for damaged in [[], Array(whole.dropLast()), whole + [0], whole.map { $0 ^ 1 }, [UInt8](repeating: 255, count: 44)] {
            try TemporaryDirectory.write(damaged, to: path)
            let engine = try engine()
            #expect(engine.statistics.cache.pins == 0)
            #expect(try await engine.run(request).cachedTokens == 699)
            await engine.shutdown()
        }
    }

    @Test func sharingIsCounted() async throws {
        let engine = try engine()
        let shared = TinyModel.tokens(512)
        for seed in 1...4 { _ = try await engine.run(GenerationRequest(prompt: shared + TinyModel.tokens(100, seed: UInt64(seed)), maxTokens: 0)) }
        let cache = engine.statistics.cache
        #expect(cache.chainTokens == 4 * 612 && cache.storedTokens == 512 + 400)
        #expect(cache.dedupeRatio > 2.6 && cache.dedupeRatio < 2.7)
        await engine.shutdown()
    }

    @Test func anotherModelInTheSameDirectoryFindsNothing() async throws {
        _ = try await once(request)
        let other = try TinyModel(seed: 2)
        let (outcome, _) = try await once(request, model: try other.load())
        #expect(outcome.cachedTokens == 0)
        #expect(try await once(request).outcome.cachedTokens == 699)
    }

    @Test func aTornEndCostsTheTornRecordOnly() async throws {
        let (expected, _) = try await once(request)
        let path = try #require(segments.first)
        #expect(segments.count == 1)
        let whole = try TemporaryDirectory.read(path)
        // Where records begin: full blocks at first, then the tail.
        var borders: [Int] = []
        for offset in stride(from: 0, to: whole.count, by: RecordHeader.size) {
            let page = Array(whole[offset..<min(offset + RecordHeader.size, whole.count)])
            if case .live = page.withUnsafeBytes({ RecordHeader.decode($0) }) { borders.append(offset) }
        }
        #expect(borders.count == 3)
        var random = RandomNumbers(seed: 17)
        let near = (borders + [whole.count]).flatMap { [$0 - 4097, $0 - 1, $0, $0 + 1, $0 + 4096] }
        let cuts = near + (0..<12).map { _ in Int(random.next() % UInt64(whole.count)) }
        for cut in Set(cuts).sorted() where (0...whole.count).contains(cut) {
            try TemporaryDirectory.write(Array(whole[..<cut]), to: path)
            let complete = (borders.dropFirst() + [whole.count]).filter { $0 <= cut }.count
            let (outcome, statistics) = try await once(request)
            #expect(outcome.tokens == expected.tokens, "cut at \(cut)")
            #expect(outcome.cachedTokens == [0, 256, 512, 699][complete], "cut at \(cut)")
            // What was lost is there again.
            #expect(statistics.cache.writeFailures == 0)
            #expect(try await once(request).outcome.cachedTokens == 699, "cut at \(cut)")
            for extra in segments where extra != path { TemporaryDirectory.remove(extra) }
        }
    }

    @Test func aFlippedBitCostsItsBlockOnly() async throws {
        let (expected, _) = try await once(request)
        let path = try #require(segments.first)
        let whole = try TemporaryDirectory.read(path)
        var random = RandomNumbers(seed: 23)
        var failures = 0
        for _ in 0..<25 {
            var flipped = whole
            let bit = Int(random.next() % UInt64(whole.count * 8))
            flipped[bit / 8] ^= 1 << UInt8(bit % 8)
            try TemporaryDirectory.write(flipped, to: path)
            for extra in segments where extra != path { TemporaryDirectory.remove(extra) }
            let (outcome, statistics) = try await once(request)
            #expect(outcome.tokens == expected.tokens, "bit \(bit)")
            // A bit of padding is not noticed; any other makes a block cold and is counted.
            #expect(outcome.cachedTokens == 699 || statistics.cache.verifyFailures > 0, "bit \(bit)")
            failures += statistics.cache.verifyFailures
        }
        #expect(failures > 10)
    }

    @Test func aSecondOpenerReadsAndLaterWrites() async throws {
        let first = try engine()
        let expected = try await first.run(request)
        #expect(first.statistics.cache.isWriter)
        try await settle(first)
        let second = try engine()
        #expect(!second.statistics.cache.isWriter)
        let read = try await second.run(request)
        #expect(read.cachedTokens == 699 && read.source == .disk && read.tokens == expected.tokens)
        // While the first holds the lock, what the second computes stays in its memory.
        let other = GenerationRequest(prompt: TinyModel.tokens(600, seed: 3), maxTokens: 4)
        _ = try await second.run(other)
        await first.shutdown()
        let third = GenerationRequest(prompt: TinyModel.tokens(600, seed: 4), maxTokens: 4)
        _ = try await second.run(third)
        try await settle(second)
        #expect(second.statistics.cache.isWriter)
        await second.shutdown()
        #expect(try await once(request).outcome.cachedTokens == 699)
        #expect(try await once(third).outcome.cachedTokens == 599)
    }

    /// Waits until the engine's writer has nothing to do.
    func settle(_ engine: Engine) async throws {
        while !engine.isCacheFlushed { try await Task.sleep(for: .milliseconds(1)) }
    }

    @Test func theDiskBudgetIsKept() async throws {
        let maxBytes = 3 << 20
        let engine = try engine(maxBytes: maxBytes, slots: 100)
        for seed in 0..<20 { _ = try await engine.run(GenerationRequest(prompt: TinyModel.tokens(900, seed: UInt64(seed)), maxTokens: 2)) }
        try await settle(engine)
        let statistics = engine.statistics.cache
        #expect(statistics.bytesOnDisk <= maxBytes)
        #expect(statistics.bytesOnDisk > maxBytes / 2)
        #expect(statistics.evictedBlocks > 0)
        await engine.shutdown()
        let newest = GenerationRequest(prompt: TinyModel.tokens(900, seed: 19), maxTokens: 2)
        #expect(try await once(newest).outcome.cachedTokens == 899)
    }

    @Test func slotsBoundWhatIsKept() async throws {
        let engine = try engine(slots: 2)
        for seed in 0..<6 { _ = try await engine.run(GenerationRequest(prompt: TinyModel.tokens(300, seed: UInt64(seed)), maxTokens: 2)) }
        try await settle(engine)
        #expect(engine.statistics.cache.slots == 2)
        #expect(engine.cachedPrefixLength(of: TinyModel.tokens(300, seed: 0)) < 4)
        #expect(engine.cachedPrefixLength(of: TinyModel.tokens(300, seed: 5)) == 299)
        await engine.shutdown()
    }

    @Test func aDirectoryThatCannotBeUsedStopsNothing() async throws {
        try TemporaryDirectory.write([], to: directory.path + "/kv")
        let engine = try engine()
        #expect(engine.cacheFailure != nil)
        #expect(try await engine.run(request).tokens.count == 20)
        #expect(try await engine.run(request).cachedTokens == 699)
        await engine.shutdown()
    }

    @Test func shortPromptsAreNotKept() async throws {
        let engine = try engine()
        let short = GenerationRequest(prompt: TinyModel.tokens(9), maxTokens: 2)
        _ = try await engine.run(short)
        #expect(engine.cachedPrefixLength(of: short.prompt) == 0)
        await engine.shutdown()
    }
}
