@testable import InferenceRuntime

/// What became of a request, gathered.
struct Outcome: Equatable {
    /// How often it was said to be started.
    var starts = 0
    var tokens: [Int32] = []
    var generated: [GeneratedToken] = []
    var cachedTokens = 0
    var source = CacheSource.none
    /// As it was said at the start.
    var restoreSeconds = 0.0
    var reason: FinishReason?
    var statistics: GenerationStatistics?
}

extension GenerationEngine {
    /// All together, in the order of arrival.
    func run(_ requests: [GenerationRequest]) async throws -> [Outcome] {
        let streams = requests.map(generate)
        return try await withThrowingTaskGroup(of: (Int, Outcome).self) { group in
            for (index, stream) in streams.enumerated() { group.addTask { (index, try await Self.gather(stream)) } }
            return try await group.reduce(into: Array(repeating: Outcome(), count: requests.count)) { $0[$1.0] = $1.1 }
        }
    }

    func run(_ request: GenerationRequest) async throws -> Outcome { try await Self.gather(generate(request)) }

    private static func gather(_ events: AsyncThrowingStream<GenerationEvent, any Error>) async throws -> Outcome {
        var outcome = Outcome()
        for try await event in events {
            switch event {
            case .started(_, let cachedTokens, let source, let restoreSeconds):
                outcome.starts += 1
                outcome.cachedTokens = cachedTokens
                outcome.source = source
                outcome.restoreSeconds = restoreSeconds
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
