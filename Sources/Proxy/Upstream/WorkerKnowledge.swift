import Locking
import Messages
import NIOCore

/// What a server of models has said of itself, and which prefixes it holds. Forgotten when it stops answering, or says that it is
/// another: the next process behind the same address knows nothing.
final class WorkerKnowledge: Sendable {
    private enum Upload {
        /// By number: one that was forgotten must not speak for its successor.
        case underWay(Int, Task<Void, Never>)
        case held
    }
    private struct Worker {
        var capabilities: Native.Capabilities?
        var model: (name: String, until: ContinuousClock.Instant)?
        /// By backend: several may share a server that has several models.
        var windows: [String: Window] = [:]
        var prefixes: [String: Upload] = [:]
        var order: [String] = []

        mutating func forget(prefix digest: String) {
            prefixes[digest] = nil
            order.removeAll { $0 == digest }
        }
    }
    /// What a server said of a window; nil where it said nothing.
    struct Window: Sendable {
        var tokens: Int?
        var until: ContinuousClock.Instant
    }
    private struct State {
        var workers: [UpstreamLocation: Worker] = [:]
        var uploads = 0
    }
    private let state = Mutex(State())
    let client: UpstreamClient
    /// Digests remembered for each worker; the worker itself has a bound too and answers 409 beyond it.
    private static let maximumPrefixes = 256

    /// How long a kept answer waits to hear which model answers now.
    private let modelTimeout: TimeAmount

    init(client: UpstreamClient, modelTimeout: TimeAmount = .seconds(1)) {
        self.client = client
        self.modelTimeout = modelTimeout
    }

    func forget(_ location: UpstreamLocation) {
        let worker = state.withLock { $0.workers.removeValue(forKey: location) }
        for case .underWay(_, let task) in (worker?.prefixes ?? [:]).values { task.cancel() }
    }

    /// - Parameter model: what an answer from there states of its model.
    /// - Returns: whether it is another than the one that was known.
    func forget(_ location: UpstreamLocation, unlessModelIs model: String?) -> Bool {
        guard let model, let known = state.withLock({ $0.workers[location]?.capabilities?.fingerprint }), known != model else { return false }
        forget(location)
        return true
    }

    func capabilities(at location: UpstreamLocation, backend: ResolvedBackend) async throws -> Native.Capabilities {
        if let known = state.withLock({ $0.workers[location]?.capabilities }) { return known }
        return try await askCapabilities(at: location, backend: backend, timeout: .seconds(30))
    }

    private func askCapabilities(at location: UpstreamLocation, backend: ResolvedBackend, timeout: TimeAmount) async throws -> Native.Capabilities {
        let json = try await client.exchange(.GET, location.api("/capabilities"), key: backend.key, dialect: backend.dialect, timeout: timeout)
        let capabilities: Native.Capabilities = try json.decode()
        _ = forget(location, unlessModelIs: capabilities.fingerprint)
        state.withLock { $0.workers[location, default: Worker()].capabilities = capabilities }
        return capabilities
    }

    /// The model that a server has loaded: LM Studio's own list, else the first of `/v1/models`.
    func loadedModel(at location: UpstreamLocation, backend: ResolvedBackend) async throws -> String {
        if let known = state.withLock({ $0.workers[location]?.model }), known.until > .now { return known.name }
        return try await askModel(at: location, backend: backend, timeout: .seconds(10))
    }

    private func askModel(at location: UpstreamLocation, backend: ResolvedBackend, timeout: TimeAmount) async throws -> String {
        let now = ContinuousClock.now
        let models = try await offeredModels(at: location, backend: backend, timeout: timeout)
        guard let name = models.first(where: \.answers)?.id else { throw OfferedModel.noneLoaded(models, at: location.base, backend.name) }
        state.withLock { $0.workers[location, default: Worker()].model = (name, now + .seconds(10)) }
        return name
    }

    /// Its own list says which models are loaded; the API's list, which all servers have, says none that it does not offer.
    private func offeredModels(at location: UpstreamLocation, backend: ResolvedBackend, timeout: TimeAmount) async throws -> [OfferedModel] {
        for path in ["/api/v0/models", "/api/v1/models"] {
            do {
                let list = try await client.exchange(.GET, location.root(path), key: backend.key, dialect: backend.dialect, timeout: timeout)
                if let models = OfferedModel.list(list) { return models }
            } catch let error as AnthropicError where error.kind != .timeout && error.kind != .authentication {
                // Another server, or another version of it, has no such path.
                continue
            }
        }
        let list = try await client.exchange(.GET, location.api("/models"), key: backend.key, dialect: backend.dialect, timeout: timeout)
        return OfferedModel.list(list) ?? []
    }

    /// The model that answers for a backend at this moment; nil where nobody says. Never from memory: the next process may stand at
    /// the same address.
    func model(of backend: ResolvedBackend, at location: UpstreamLocation) async -> String? {
        if backend.dialect.isNative {
            let capabilities = try? await askCapabilities(at: location, backend: backend, timeout: modelTimeout)
            return backend.answeringModel(stated: capabilities?.fingerprint, named: nil)
        }
        guard backend.discoversModel else { return backend.answeringModel(stated: nil, named: backend.settings.model) }
        guard let name = try? await askModel(at: location, backend: backend, timeout: modelTimeout) else { return nil }
        return backend.answeringModel(stated: nil, named: name)
    }

    // MARK: windows

    func knownWindow(at location: UpstreamLocation, of backend: String) -> Window? {
        state.withLock { $0.workers[location]?.windows[backend] }.flatMap { $0.until > .now ? $0 : nil }
    }

    func keepWindow(_ tokens: Int?, at location: UpstreamLocation, of backend: String) {
        let window = Window(tokens: tokens, until: .now + .seconds(10))
        state.withLock { $0.workers[location, default: Worker()].windows[backend] = window }
    }

    // MARK: prefixes

    /// Whether the worker holds the prefix. An upload under way is not waited for: a prompt sent in full costs bytes, no tokens.
    func holds(_ digest: String, at location: UpstreamLocation) -> Bool {
        state.withLock { if case .held? = $0.workers[location]?.prefixes[digest] { true } else { false } }
    }

    func forget(prefix digest: String, at location: UpstreamLocation) {
        state.withLock { $0.workers[location]?.forget(prefix: digest) }
    }

    /// Gives the worker a prefix, once. It is told after an answer, when its tokens are in the KV store already.
    ///
    /// - Parameter lease: held as long as it takes.
    func offer(_ prefix: PromptCache.Entry, at location: UpstreamLocation, backend: ResolvedBackend, lease: Lease?) {
        let client = client
        let url = location.api("/prefixes/\(prefix.digest)")
        let json = prefix.prefix.json
        state.withLock { state in
            var worker = state.workers[location] ?? Worker()
            guard worker.prefixes[prefix.digest] == nil else { return }
            state.uploads += 1
            let id = state.uploads
            let task = Task {
                let receipt = try? await client.exchange(.PUT, url, key: backend.key, json: json, dialect: backend.dialect, timeout: .seconds(60))
                withExtendedLifetime(lease) {}
                self.uploaded(prefix.digest, at: location, id, isHeld: receipt != nil)
            }
            worker.prefixes[prefix.digest] = .underWay(id, task)
            worker.order.append(prefix.digest)
            if worker.order.count > Self.maximumPrefixes { worker.prefixes[worker.order.removeFirst()] = nil }
            state.workers[location] = worker
        }
    }

    /// One that failed may be offered again.
    private func uploaded(_ digest: String, at location: UpstreamLocation, _ id: Int, isHeld: Bool) {
        state.withLock { state in
            guard case .underWay(id, _)? = state.workers[location]?.prefixes[digest] else { return }
            if isHeld { state.workers[location]?.prefixes[digest] = .held } else { state.workers[location]?.forget(prefix: digest) }
        }
    }
}
