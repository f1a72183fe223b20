import Locking
import Messages
import NIOCore

/// A server's bytes told to a generation, as they come.
final class AnswerReader: Sendable {
    private struct State {
        var body = AnswerBody()
        var stream: MessageStream
    }
    private let state: Mutex<State>
    private let generation: Generation
    private let pass: BackendHealth.Pass

    init(_ generation: Generation, _ pass: BackendHealth.Pass, _ stream: MessageStream) {
        self.generation = generation
        self.pass = pass
        state = Mutex(State(stream: stream))
    }

    var isEmpty: Bool { state.withLock { $0.body.isEmpty } }

    var isDecided: Bool { state.withLock { $0.stream.isDecided } }

    /// - Returns: false where the answer is whole, whatever still comes.
    func take(_ part: ByteBuffer) -> Bool {
        generation.touch()
        let isCutShort = tell { body in part.withUnsafeReadableBytes { body.feed($0) } }
        if generation.hasContent { pass.report(.success) }
        return !isCutShort
    }

    /// The body has ended.
    func finish() { _ = tell { $0.finish() } }

    /// The answer has ended, though its body was cut.
    func end() { _ = tell { _ in [.end] } }

    private func tell(_ read: (inout AnswerBody) -> [MessageStream.Input]) -> Bool {
        state.withLock { state in
            let isNew = state.stream.upstreamID == nil
            var events: [MessageEvent] = []
            for input in read(&state.body) { state.stream.receive(input, &events) }
            if isNew, let id = state.stream.upstreamID { generation.setUpstreamID(id) }
            // Before whoever listens hears of the end: what was saved is summed up then.
            if !events.isEmpty { generation.setCounts(state.stream.usage) }
            generation.publish(events)
            return state.stream.isCutShort
        }
    }
}
