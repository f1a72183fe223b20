@testable import InferenceRuntime

/// What became of a request, gathered.
struct Outcome: Equatable {
    var tokens: [Int32] = []
    var generated: [GeneratedToken] = []
    var cachedTokens = 0
    var source = CacheSource.none
    var reason: FinishReason?
    var statistics: GenerationStatistics?
}

extension GenerationEngine {
    func run(_ request: GenerationRequest) async throws -> Outcome {
        var outcome = Outcome()
        for try await event in generate(request) {
            switch event {
            case .started(_, let cachedTokens, let source):
                outcome.cachedTokens = cachedTokens
                outcome.source = source
            case .token(let token):
                outcome.tokens.append(token.id)
                outcome.generated.append(token)
            case .finished(let reason, let statistics):
                outcome.reason = reason
                outcome.statistics = statistics
            }
        }
        return outcome
    }
}
