import Locking
import Messages

/// What is known of one answer to a client of the chat-completions API, for the log and the metrics.
final class ChatMeter: Sendable {
    private struct State {
        var facts = ChatFacts()
        var first: ContinuousClock.Instant?
        var end: ContinuousClock.Instant?
    }
    private let state = Mutex(State())
    private let begin = ContinuousClock.now

    var facts: ChatFacts { state.withLock { $0.facts } }
    /// From the request to the model's first word.
    var firstWord: Duration? { state.withLock { $0.first.map { $0 - begin } } }

    /// How far the answer is.
    func note(_ facts: ChatFacts) {
        state.withLock { state in
            state.facts = facts
            if facts.hasWords, state.first == nil { state.first = .now }
        }
    }

    /// What was said in the place of an answer, or of the rest of it.
    func fail(_ failure: OpenAI.Failure) { state.withLock { $0.facts.take(.failure(failure)) } }

    /// The model's server has said all.
    func end() -> AnswerFigures {
        state.withLock { state in
            state.end = .now
            return AnswerFigures(
                firstWord: state.first.map { $0 - begin }, duration: .now - begin, cost: state.facts.usage?.dollars,
                isComplete: state.facts.error == nil && state.facts.finishReason != nil, usage: state.facts.usage?.message,
                reportsCache: state.facts.usage?.cachedTokens != nil)
        }
    }
}
