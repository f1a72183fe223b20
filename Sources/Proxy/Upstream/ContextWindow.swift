import JSON
import LaunchPlan
import Messages
import NIOCore

/// Tokens of prompt and answer together, as the plan says or, where it says nothing, the server itself. Nothing is assumed.
extension Upstreams {
    /// - Parameter patience: how long a service that is not ready is waited for.
    /// - Returns: nil where nobody says.
    func contextWindow(of backend: ResolvedBackend, patience: Duration = .milliseconds(200)) async -> Int? {
        if let window = backend.settings.contextWindow { return window }
        guard backend.settings.api == .openai else { return nil }
        switch backend.settings.target {
        case .url(let base): return await workers.window(of: backend, at: UpstreamLocation(url: base))
        case .service(let name):
            guard let lease = try? directory.acquire(name), let endpoint = try? await lease.endpoint(within: patience) else { return nil }
            defer { withExtendedLifetime(lease) {} }
            return await workers.window(of: backend, at: UpstreamLocation(endpoint))
        }
    }
}

extension WorkerKnowledge {
    private static let questionTimeout = TimeAmount.seconds(2)

    fileprivate func window(of backend: ResolvedBackend, at location: UpstreamLocation) async -> Int? {
        if let known = knownWindow(at: location, of: backend.name) { return known.tokens }
        do {
            let tokens = try await askWindow(of: backend, at: location)
            keepWindow(tokens, at: location, of: backend.name)
            return tokens
        } catch {
            // One that does not answer has said nothing; it is asked again.
            return nil
        }
    }

    /// Where each server says it: our worker's capabilities, LM Studio's list (the window it loaded the model with, not the model's own),
    /// llama.cpp's properties; vLLM and OpenRouter have a member in the list of models.
    private func askWindow(of backend: ResolvedBackend, at location: UpstreamLocation) async throws -> Int? {
        func ask(_ url: String) async throws -> JSON {
            try await client.exchange(.GET, url, key: backend.key, dialect: backend.dialect, timeout: Self.questionTimeout)
        }
        func entry(_ list: JSON) -> JSON? {
            let models = list["data"]?.arrayValue ?? []
            if let id = backend.settings.model, !backend.discoversModel { return models.first { $0["id"]?.stringValue == id } }
            return models.first { $0["state"]?.stringValue == "loaded" } ?? models.first
        }
        switch backend.dialect.name {
        case BackendDialect.native.name: return try await capabilities(at: location, backend: backend).contextWindow
        case BackendDialect.llamaServer.name: return try await ask(location.root("/props"))["default_generation_settings"]?["n_ctx"]?.intValue
        case BackendDialect.lmstudio.name: return entry(try await ask(location.root("/api/v0/models")))?["loaded_context_length"]?.intValue
        default:
            let model = entry(try await ask(location.api("/models")))
            return model?["max_model_len"]?.intValue ?? model?["context_length"]?.intValue
        }
    }
}
