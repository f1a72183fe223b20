/// The choices of one response: all of one prompt, for each of some prompts.
enum Choices {
    typealias Events = AsyncThrowingStream<(index: Int, event: ChoiceEvent), any Error>

    /// Prompts that are computed at once: more would take the places of other clients.
    private static let mostPrompts = 2

    /// The events of all choices as they come. Ending the iteration ends the generations.
    ///
    /// The first choice of a prompt computes it; the others begin when that is done, and find it in the cache.
    static func events(_ prompts: [[ChoiceRun]]) -> Events {
        // Bounded by the number of tokens, which the engine bounds by the window.
        let (stream, output) = Events.makeStream()
        let work = Task {
            do {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    var next = 0
                    var base = 0
                    func begin() {
                        guard next < prompts.count else { return }
                        let (runs, first) = (prompts[next], base)
                        group.addTask { try await run(runs, first, output) }
                        base += runs.count
                        next += 1
                    }
                    for _ in 0..<mostPrompts { begin() }
                    while try await group.next() != nil { begin() }
                }
                output.finish()
            } catch {
                output.finish(throwing: error)
            }
        }
        output.onTermination = { _ in work.cancel() }
        return stream
    }

    private static func run(_ runs: [ChoiceRun], _ base: Int, _ output: Events.Continuation) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            let (isComputed, computed) = AsyncStream.makeStream(of: Never.self)
            for (offset, run) in runs.enumerated() {
                if offset == 1 { for await _ in isComputed {} }
                group.addTask {
                    defer { computed.finish() }
                    try await run.run(onFirstToken: { computed.finish() }) { output.yield((base + offset, $0)) }
                }
            }
            try await group.waitForAll()
        }
    }
}
