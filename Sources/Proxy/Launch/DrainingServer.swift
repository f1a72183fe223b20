import Control
import ServiceLifecycle
import Serving

/// The clients' server. Answers that are still under way when its drain has lasted too long end in words: a stream that is merely cut
/// is thrown away by its client.
struct DrainingServer: Service {
    private let server: HTTPService<ProxyResponder>
    private let generations: GenerationTable
    private let limit: Duration
    private let retirement: Retirement
    /// For last words; after that connections are cut.
    private static let farewell = Duration.seconds(1)
    /// Where a successor serves: a little less than the supervisor gives it.
    static let longest = Duration.milliseconds(LeaseReply.drainMs) - .seconds(5)

    init(_ server: HTTPService<ProxyResponder>, _ generations: GenerationTable, _ limit: Duration, _ retirement: Retirement = Retirement()) {
        self.server = server
        self.generations = generations
        self.limit = limit
        self.retirement = retirement
    }

    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            group.addTask {
                do {
                    try await gracefulShutdown()
                    try await retirement.wait(limit: limit, longest: Self.longest)
                    generations.cancelAll()
                    try await Task.sleep(for: Self.farewell)
                } catch is CancellationError {
                    // The server has ended before.
                }
            }
            // Whichever is first: the server has answered all, or its time is over.
            try await group.next()
            group.cancelAll()
        }
    }
}
