extension Benchmark {
    /// Tokens a second of an answer that copies its prompt with edits, without proposals and with them.
    ///
    /// Random weights copy nothing by themselves: a mask makes them, and all else is what any request goes through.
    func lookup() async throws -> (without: Double, with: Double) {
        let prompt = tokens(1500, seed: 3)
        let other = tokens(1500, seed: 4)
        var answer: [Int32] = []
        // After every 40 tokens two are others, and one is left out.
        for start in stride(from: 300, to: 700, by: 40) { answer += prompt[start..<start + 37] + other[start..<start + 2] }
        var rates: [Double] = []
        for proposed in [0, EngineSettings().lookupTokens] {
            var settings = settings()
            settings.lookupTokens = proposed
            let engine = try Engine(model: model, settings: settings)
            var best = Double.infinity
            for _ in 0..<repeats {
                let mask = ThisText(tokens: answer, capacity: model.vocabularySize)
                for try await event in engine.generate(GenerationRequest(prompt: prompt, maxTokens: answer.count, mask: mask)) {
                    if case .finished(_, let statistics) = event { best = min(best, statistics.decodeSeconds) }
                }
            }
            await engine.shutdown()
            rates.append(Double(answer.count) / best)
        }
        return (rates[0], rates[1])
    }

    /// Allows one text.
    private struct ThisText: TokenMask {
        let tokens: [Int32]
        let capacity: Int
        var next = 0

        var isComplete: Bool { next == tokens.count }
        func allowedTokens() -> TokenSet? { TokenSet(capacity: capacity, tokens[next...].prefix(1)) }
        mutating func advance(by token: Int32) { next += 1 }
    }
}
