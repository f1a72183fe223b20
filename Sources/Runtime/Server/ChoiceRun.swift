import Messages

/// What happens to one choice of a response, in order.
enum ChoiceEvent: Sendable {
    case started(GenerationStart)
    /// What was understood, and the tokens since the last time where their log-probabilities are wanted.
    case output([OutputEvent], tokens: [GeneratedToken])
    case ended(ChoiceEnd)
}

/// How a choice came to its end.
struct ChoiceEnd: Sendable {
    var reason: OpenAI.FinishReason
    var stopString: String?
    var tokens: Int
    var reasoningTokens: Int
}

/// One choice: a request to the engine, and how its tokens are read.
struct ChoiceRun: Sendable {
    let engine: any GenerationEngine
    let request: GenerationRequest
    let reader: AnswerReader
    /// Whether a limit cannot cut the answer, only end it where it is whole.
    var isAlwaysWhole = false

    /// Generates, and tells what comes.
    ///
    /// - Parameter onFirstToken: called once the prompt is computed.
    func run(onFirstToken: () -> Void = {}, _ tell: (ChoiceEvent) -> Void) async throws {
        let events = engine.generate(request)
        tell(.started(try await GenerationStart(of: events)))
        var reader = reader
        var pending: [GeneratedToken] = []
        var count = 0
        func tellOutput(_ output: [OutputEvent], isLast: Bool) {
            let telling = output.filter { if case .toolCallFinished = $0 { false } else { true } }
            guard !telling.isEmpty || isLast && !pending.isEmpty else { return }
            tell(.output(telling, tokens: pending))
            pending = []
        }
        func end(_ finish: FinishReason) {
            tellOutput(reader.finish(isCut: finish.isCut), isLast: true)
            let isCut = finish.isCut && !reader.isAtEnd && !isAlwaysWhole
            tell(
                .ended(
                    ChoiceEnd(
                        reason: isCut ? .length : reader.hasCalls ? .toolCalls : .stop, stopString: reader.stopString, tokens: count,
                        reasoningTokens: reader.reasoningTokens)))
        }
        for try await event in events {
            switch event {
            case .started: break
            case .token(let token):
                if count == 0 { onFirstToken() }
                count += 1
                if request.logprobs != nil { pending.append(token) }
                tellOutput(reader.read(token.id), isLast: false)
                // Leaving the loop cancels what the engine would go on with.
                if reader.isAtEnd { return end(.noTokenAllowed) }
            case .finished(let finish, _): return end(finish)
            }
        }
        throw CancellationError()
    }
}
