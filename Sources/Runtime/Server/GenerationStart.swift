import HTTPTypes
import Messages

/// What is known as soon as the engine takes a request up.
struct GenerationStart: Sendable {
    let promptTokens: Int
    let cachedTokens: Int
    let source: CacheSource
    let restoreSeconds: Double

    /// Waits for it; what the engine refuses is thrown.
    init(of events: AsyncThrowingStream<GenerationEvent, any Error>) async throws {
        var iterator = events.makeAsyncIterator()
        guard case .started(let promptTokens, let cachedTokens, let source, let restoreSeconds)? = try await iterator.next() else {
            throw CancellationError()
        }
        self.promptTokens = promptTokens
        self.cachedTokens = cachedTokens
        self.source = source
        self.restoreSeconds = restoreSeconds
    }

    /// How much of the prompt came from the cache, and how long that took.
    var headers: HTTPFields {
        let state = Native.CacheState(
            hit: cachedTokens, prompt: promptTokens, restoredMilliseconds: Int((restoreSeconds * 1000).rounded()), source: source.rawValue)
        guard let name = HTTPField.Name(Native.cacheHeader) else { return [:] }
        return [name: state.text]
    }
}

extension [GenerationStart] {
    /// Of several prompts together; each counts once, however many answers it has.
    func usage(completion: Int, reasoning: Int? = nil) -> OpenAI.Usage {
        .init(
            promptTokens: reduce(0) { $0 + $1.promptTokens }, completionTokens: completion, cachedTokens: reduce(0) { $0 + $1.cachedTokens },
            reasoningTokens: reasoning)
    }
}
