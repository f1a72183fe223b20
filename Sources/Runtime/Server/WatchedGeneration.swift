import Hummingbird
import Serving

/// The events of a request to the engine, as long as its client is there: from the wait in the queue, before a response has begun,
/// to the last byte of a stream. A client that leaves cancels the request.
///
/// A connection can be watched once, so one watch spans both.
struct WatchedGeneration: Sendable {
    let events: AsyncThrowingStream<GenerationEvent, any Error>
    private let done: AsyncStream<Void>.Continuation

    init(_ source: AsyncThrowingStream<GenerationEvent, any Error>, for request: Request) {
        // Bounded as the engine's own stream is: by the tokens of one answer.
        let (events, output) = AsyncThrowingStream.makeStream(of: GenerationEvent.self, throwing: (any Error).self)
        let (untilDone, done) = AsyncStream<Void>.makeStream()
        self.events = events
        self.done = done
        let watch = Task {
            do {
                try await request.cancelledWhenClientLeaves {
                    for try await event in source { output.yield(event) }
                    try Task.checkCancellation()
                    output.finish()
                    for await _ in untilDone {}
                }
            } catch {
                output.finish(throwing: error)
            }
        }
        output.onTermination = { reason in
            if case .cancelled = reason { watch.cancel() }
        }
    }

    /// The response is written, or there is none.
    func end() { done.finish() }
}
