import Locking

@testable import InferenceRuntime

/// An engine whose answer is written beforehand: what the server makes of it can be tested without a model.
final class ScriptedEngine: GenerationEngine {
    let contextWindow: Int
    let vocabularySize = 400
    private let answer: [Int32]
    private let end: FinishReason
    private let refusal: EngineError?
    private let seen = Mutex<[GenerationRequest]>([])

    init(answer: [Int32] = [], end: FinishReason = .stopToken(300), refusal: EngineError? = nil, contextWindow: Int = 100) {
        self.contextWindow = contextWindow
        self.answer = answer
        self.end = end
        self.refusal = refusal
    }

    var requests: [GenerationRequest] { seen.withLock { $0 } }

    func generate(_ request: GenerationRequest) -> AsyncThrowingStream<GenerationEvent, any Error> {
        seen.withLock { $0.append(request) }
        return AsyncThrowingStream { output in
            if let refusal { return output.finish(throwing: refusal) }
            output.yield(.started(promptTokens: request.prompt.count, cachedTokens: 0, source: .none, restoreSeconds: 0))
            for id in answer { output.yield(.token(GeneratedToken(id: id))) }
            output.yield(.finished(end, GenerationStatistics(promptTokens: request.prompt.count, generatedTokens: answer.count)))
            output.finish()
        }
    }

    func cachedPrefixLength(of tokens: [Int32]) -> Int { min(3, tokens.count) }
    var statistics: EngineStatistics { EngineStatistics() }
    func shutdown() async {}
}
