import Messages
import NIOCore
import Synchronization

/// What a server of models has said of itself, and which prefixes it holds. Forgotten when it stops answering: the next process
/// behind the same address knows nothing.
final class WorkerKnowledge: Sendable {
    private struct Worker {
        var capabilities: Native.Capabilities?
        var model: (name: String, until: ContinuousClock.Instant)?
        var prefixes: [String: Task<Bool, Never>] = [:]
        var order: [String] = []
    }
    private let workers = Mutex<[UpstreamLocation: Worker]>([:])
    private let client: UpstreamClient
    /// Digests remembered for each worker; the worker itself has a bound too and answers 409 beyond it.
    private static let maximumPrefixes = 256

    init(client: UpstreamClient) { self.client = client }

    func forget(_ location: UpstreamLocation) {
        let worker = workers.withLock { $0.removeValue(forKey: location) }
        for task in (worker?.prefixes ?? [:]).values { task.cancel() }
    }

    func capabilities(at location: UpstreamLocation, backend: ResolvedBackend) async throws -> Native.Capabilities {
        if let known = workers.withLock({ $0[location]?.capabilities }) { return known }
        let json = try await client.exchange(.GET, location.api("/capabilities"), key: backend.key, dialect: backend.dialect, timeout: .seconds(30))
        let capabilities: Native.Capabilities = try json.decode()
        workers.withLock { $0[location, default: Worker()].capabilities = capabilities }
        return capabilities
    }

    /// The model that a server has loaded: LM Studio's own list, else the first of `/v1/models`.
    func loadedModel(at location: UpstreamLocation, backend: ResolvedBackend) async throws -> String {
        let now = ContinuousClock.now
        if let known = workers.withLock({ $0[location]?.model }), known.until > now { return known.name }
        var name: String?
        let native = try? await client.exchange(
            .GET, location.root("/api/v0/models"), key: backend.key, dialect: backend.dialect, timeout: .seconds(10))
        if let models = native?["data"]?.arrayValue {
            name = models.first { $0["state"]?.stringValue == "loaded" && $0["type"]?.stringValue != "embeddings" }?["id"]?.stringValue
        }
        if name == nil {
            let list = try await client.exchange(.GET, location.api("/models"), key: backend.key, dialect: backend.dialect, timeout: .seconds(10))
            name = list["data"]?[0]?["id"]?.stringValue
        }
        guard let name else { throw AnthropicError(.notFound, "the server at \(location.base) has no model loaded", shouldRetry: false) }
        workers.withLock { $0[location, default: Worker()].model = (name, now + .seconds(10)) }
        return name
    }

    // MARK: prefixes

    /// Whether the worker holds the prefix; waits for an upload under way.
    func holds(_ digest: String, at location: UpstreamLocation) async -> Bool {
        guard let task = workers.withLock({ $0[location]?.prefixes[digest] }) else { return false }
        return await task.value
    }

    func forget(prefix digest: String, at location: UpstreamLocation) {
        workers.withLock { $0[location]?.prefixes[digest] = nil }
    }

    /// Gives the worker a prefix, once. It is told after an answer, when its tokens are in the KV store already.
    func offer(_ prefix: PromptCache.Entry, at location: UpstreamLocation, backend: ResolvedBackend) {
        let client = client
        let url = location.api("/prefixes/\(prefix.digest)")
        let json = prefix.prefix.json
        workers.withLock { workers in
            var worker = workers[location] ?? Worker()
            guard worker.prefixes[prefix.digest] == nil else { return }
            worker.prefixes[prefix.digest] = Task {
                let receipt = try? await client.exchange(.PUT, url, key: backend.key, json: json, dialect: backend.dialect, timeout: .seconds(60))
                return receipt != nil
            }
            worker.order.append(prefix.digest)
            if worker.order.count > Self.maximumPrefixes { worker.prefixes[worker.order.removeFirst()] = nil }
            workers[location] = worker
        }
    }
}
