extension Benchmark {
    /// How long a second stream waits for its first token while a long prompt is computed, at worst of some moments that it comes at; and what one
    /// whole chunk of that prompt takes.
    func secondStream() async throws -> (firstToken: Double, chunk: Double) {
        let sequence = try Sequence(model, capacity: Self.longPrompt)
        let pass = ForwardPass(model)
        try sequence.compute(Self.longPrompt / 2, pass)
        let chunk = try best { () throws(RuntimeError) in
            sequence.length = Self.longPrompt / 2
            try sequence.compute(Self.chunk, pass)
        }
        let engine = try Engine(model: model, settings: settings())
        // The engine does not know yet how fast it is.
        for try await _ in engine.generate(GenerationRequest(prompt: tokens(Self.chunk, seed: 1), maxTokens: 1)) {}
        var worst = 0.0
        for depth in stride(from: Self.longPrompt / 6, to: Self.longPrompt * 2 / 3, by: Self.longPrompt / 6) {
            worst = max(worst, try await firstToken(engine, whenComputed: depth))
        }
        await engine.shutdown()
        return (worst, chunk)
    }

    /// - Parameter depth: so much of the long prompt is computed when the second stream comes.
    private func firstToken(_ engine: Engine, whenComputed depth: Int) async throws -> Double {
        let before = engine.statistics.prefilledTokens
        let long = engine.generate(GenerationRequest(prompt: tokens(Self.longPrompt, seed: depth), maxTokens: 1))
        while engine.statistics.prefilledTokens < before + depth { try await Task.sleep(for: .microseconds(200)) }
        let began = clock.now
        for try await event in engine.generate(GenerationRequest(prompt: tokens(16, seed: 2), maxTokens: 1)) {
            guard case .token = event else { continue }
            let seconds = (clock.now - began).seconds
            for try await _ in long {}
            return seconds
        }
        throw RuntimeError("the second stream ended without a token")
    }

    /// An engine for two streams that keeps nothing.
    func settings() -> EngineSettings {
        EngineSettings(contextWindow: min(4096, model.configuration.maxPositions), maxBatch: 2, cache: CacheSettings(enabled: false))
    }

    /// Tokens that mean nothing, others for each seed.
    func tokens(_ count: Int, seed: Int) -> [Int32] {
        let usable = max(1, min(50_000, model.vocabularySize - 1))
        var random = RandomNumbers(seed: UInt64(seed))
        return (0..<count).map { _ in Int32(random.next() % UInt64(usable)) }
    }
}
