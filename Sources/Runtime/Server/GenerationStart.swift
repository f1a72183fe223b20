import HTTPTypes
import Messages

/// What is known as soon as the engine takes a request up.
struct GenerationStart: Sendable {
    let promptTokens: Int
    let cachedTokens: Int
    let source: CacheSource

    /// Waits for it; what the engine refuses is thrown.
    init(of events: AsyncThrowingStream<GenerationEvent, any Error>) async throws {
        var iterator = events.makeAsyncIterator()
        guard case .started(let promptTokens, let cachedTokens, let source)? = try await iterator.next() else { throw CancellationError() }
        self.promptTokens = promptTokens
        self.cachedTokens = cachedTokens
        self.source = source
    }

    var headers: HTTPFields { Answers.cacheHeaders(hit: cachedTokens, source: source) }
}

extension [GenerationStart] {
    /// Of several prompts together; each counts once, however many answers it has.
    func usage(completion: Int, reasoning: Int? = nil) -> OpenAI.Usage {
        .init(
            promptTokens: reduce(0) { $0 + $1.promptTokens }, completionTokens: completion, cachedTokens: reduce(0) { $0 + $1.cachedTokens },
            reasoningTokens: reasoning)
    }
}
