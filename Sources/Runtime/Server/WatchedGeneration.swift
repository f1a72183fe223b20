import Hummingbird
import Serving

/// The events of a request to the engine, as long as its client is there: from the wait in the queue, before a response has begun,
/// to the last byte of a stream. A client that leaves cancels the request.
///
/// A connection can be watched once, so one watch spans both; and it is read by one reader at a time, so the watch has ended
/// before the connection's own handler goes on.
struct WatchedGeneration: Sendable {
    let events: AsyncThrowingStream<GenerationEvent, any Error>
    private let watch: Task<Void, Never>

    init(_ source: AsyncThrowingStream<GenerationEvent, any Error>, for request: Request) {
        // Bounded as the engine's own stream is: by the tokens of one answer.
        let (events, output) = AsyncThrowingStream.makeStream(of: GenerationEvent.self, throwing: (any Error).self)
        let (forever, unused) = AsyncStream<Void>.makeStream()
        let watch = Task {
            do {
                try await request.cancelledWhenClientLeaves {
                    for try await event in source { output.yield(event) }
                    try Task.checkCancellation()
                    output.finish()
                    // Until `end`: the response is being written still.
                    for await _ in forever {}
                    withExtendedLifetime(unused) {}
                }
            } catch {
                output.finish(throwing: error)
            }
        }
        output.onTermination = { reason in
            if case .cancelled = reason { watch.cancel() }
        }
        self.events = events
        self.watch = watch
    }

    /// Does what is the last use of the connection, or fails; either way the watch has ended then.
    func ending<Value>(_ last: () async throws -> Value) async throws -> Value {
        do {
            let value = try await last()
            await end()
            return value
        } catch {
            await end()
            throw error
        }
    }

    private func end() async {
        watch.cancel()
        await watch.value
    }

    /// What is known when the engine takes the request up. Where that fails, the watch has ended.
    func start() async throws -> GenerationStart {
        do {
            return try await GenerationStart(of: events)
        } catch {
            await end()
            throw error
        }
    }
}
