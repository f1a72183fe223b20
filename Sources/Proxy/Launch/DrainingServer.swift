import ServiceLifecycle
import Serving

/// The clients' server. Answers that are still under way when its drain has lasted too long end in words: a stream that is merely cut
/// is thrown away by its client.
struct DrainingServer: Service {
    private let server: HTTPService<ProxyResponder>
    private let generations: GenerationTable
    private let limit: Duration

    init(_ server: HTTPService<ProxyResponder>, _ generations: GenerationTable, _ limit: Duration) {
        self.server = server
        self.generations = generations
        self.limit = limit
    }

    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                do {
                    try await gracefulShutdown()
                    try await Task.sleep(for: limit)
                } catch {
                    // The server has ended, or is cut.
                    return
                }
                generations.cancelAll()
            }
            defer { group.cancelAll() }
            try await server.run()
        }
    }
}
