import FoundationEssentials

extension Benchmark {
    /// What the KV store costs and gives on a conversation of 3000 tokens. Seconds; the best of the repeats.
    struct StoreTimes {
        /// To the first token of a prompt that nobody knows, without a store and with one on disk.
        var withoutStore = Double.infinity
        var withStore = Double.infinity
        /// Reading the whole prompt back from disk (its pages are in memory), and to the first token of it after a restart.
        var restore = Double.infinity
        var restart = Double.infinity
        /// To the first token of the next turn: the answer and 40 more tokens. From memory, and after a restart.
        var followUp = Double.infinity
        var followUpAfterRestart = Double.infinity
    }

    private static let answer = 16
    private static let turn = 40

    func storeTimes() async throws -> StoreTimes {
        let folder = FileManager.default.temporaryDirectory.appending(path: "anyclaude-bench-\(UUID().uuidString)").path
        defer {
            // What a bench leaves behind is nobody's loss, and the folder is the system's for such things.
            try? FileManager.default.removeItem(atPath: folder)
        }
        var times = StoreTimes()
        for number in 0..<min(repeats, 3) {
            let prompt = tokens(Self.longPrompt, seed: 100 + number)
            let bare = try Engine(model: model, settings: settings())
            times.withoutStore = min(times.withoutStore, try await firstToken(bare, prompt).seconds)
            await bare.shutdown()
            let conversation = try await converse(prompt, folder, &times)
            try await resume(prompt, conversation, folder, &times)
        }
        return times
    }

    private func converse(_ prompt: [Int32], _ folder: String, _ times: inout StoreTimes) async throws -> [Int32] {
        let engine = try Engine(model: model, settings: settings(storedIn: folder))
        let first = try await firstToken(engine, prompt)
        times.withStore = min(times.withStore, first.seconds)
        let conversation = prompt + first.answer
        try await settle(engine)
        let turn = try await firstToken(engine, conversation + tokens(Self.turn, seed: 7))
        try Self.check(turn, knows: conversation.count - 1, of: "memory")
        times.followUp = min(times.followUp, turn.seconds)
        await engine.shutdown()
        return conversation
    }

    private func resume(_ prompt: [Int32], _ conversation: [Int32], _ folder: String, _ times: inout StoreTimes) async throws {
        var engine = try Engine(model: model, settings: settings(storedIn: folder))
        try await settle(engine)
        let again = try await firstToken(engine, prompt)
        try Self.check(again, knows: prompt.count - 1, of: "disk")
        times.restart = min(times.restart, again.seconds)
        times.restore = min(times.restore, again.restore)
        await engine.shutdown()
        engine = try Engine(model: model, settings: settings(storedIn: folder))
        try await settle(engine)
        let turn = try await firstToken(engine, conversation + tokens(Self.turn, seed: 8))
        try Self.check(turn, knows: conversation.count - 1, of: "disk")
        times.followUpAfterRestart = min(times.followUpAfterRestart, turn.seconds)
        await engine.shutdown()
    }

    /// Between two requests a client thinks, or runs its tools.
    private func settle(_ engine: Engine) async throws {
        while !engine.isSettled { try await Task.sleep(for: .milliseconds(2)) }
    }

    private typealias Run = (seconds: Double, restore: Double, cached: Int, answer: [Int32])

    private func firstToken(_ engine: Engine, _ prompt: [Int32]) async throws -> Run {
        var run: Run = (0, 0, 0, [])
        let began = clock.now
        for try await event in engine.generate(GenerationRequest(prompt: prompt, maxTokens: Self.answer)) {
            switch event {
            case .started(_, let cached, _, _): run.cached = cached
            case .token(let token):
                if run.answer.isEmpty { run.seconds = (clock.now - began).seconds }
                run.answer.append(token.id)
            case .finished(_, let statistics): run.restore = statistics.restoreSeconds
            }
        }
        return run
    }

    private static func check(_ run: Run, knows count: Int, of source: String) throws(RuntimeError) {
        guard run.cached >= count else { throw RuntimeError("of \(count) tokens \(run.cached) were found on \(source)") }
    }

    private func settings(storedIn folder: String) -> EngineSettings {
        var settings = settings()
        settings.cache = CacheSettings(directory: folder, maxBytes: 16 << 30)
        return settings
    }
}
