import JSON
import LaunchPlan
import Messages

/// `/v1/messages/count_tokens` by the model's own tokenizer and template, or an honest no.
struct TokenCounter: Sendable {
    let upstreams: Upstreams
    let backend: ResolvedBackend
    let request: MessagesRequest
    /// Clients that get no count estimate by themselves: they do not wait for a service that starts.
    var patience = Duration.seconds(5)

    func count() async throws -> Int {
        let lease: Lease?
        let location: UpstreamLocation
        switch backend.settings.target {
        case .url(let base):
            lease = nil
            location = UpstreamLocation(url: base)
        case .service(let name):
            let held = try upstreams.directory.acquire(name)
            guard let endpoint = try await held.endpoint(within: patience) else {
                throw AnthropicError(.overloaded, "the service `\(name)` is not ready to count tokens", retryAfter: 5)
            }
            lease = held
            location = UpstreamLocation(endpoint)
        }
        defer { withExtendedLifetime(lease) {} }
        do {
            return try await count(at: location)
        } catch let error as UpstreamUnreachable {
            throw AnthropicError(.overloaded, error.description, retryAfter: 1)
        }
    }

    func count(at location: UpstreamLocation) async throws -> Int {
        var options = RequestTranslation.Options(dialect: backend.dialect, model: backend.settings.model)
        options.signature = backend.signature
        options.extras = RequestExtras(body: backend.extraBody)
        switch backend.dialect.tokenCounting {
        case .unavailable:
            // Clients then estimate by themselves.
            throw AnthropicError(
                .notFound, "the backend `\(backend.name)` (\(backend.dialect.name)) has no tokenizer that can be asked", shouldRetry: false)
        case .chatTokenize:
            options.keepsInlineSystem = try await upstreams.workers.capabilities(at: location, backend: backend).inlineSystem
            let json = try await exchange(location.api("/chat/tokenize"), body(options))
            return (try json.decode(Native.TokenCount.self)).count
        case .tokenizeMessages:
            do {
                guard let count = try await exchange(location.root("/tokenize"), body(options))["count"]?.intValue else { throw noCount }
                return count
            } catch let error as AnthropicError where error.kind == .invalidRequest || error.kind == .notFound {
                // Servers with vLLM's parameters need not have this one: clients then estimate by themselves.
                throw AnthropicError(.notFound, "the backend `\(backend.name)` counts no tokens: \(error.message)", shouldRetry: false)
            }
        case .applyTemplate:
            let prompt = try await exchange(location.root("/apply-template"), body(options))["prompt"] ?? ""
            let tokens = try await exchange(location.root("/tokenize"), ["content": prompt, "add_special": true, "parse_special": true])
            guard let list = tokens["tokens"]?.arrayValue else { throw noCount }
            return list.count
        }
    }

    private var noCount: AnthropicError { AnthropicError(.api, "the tokenizer of `\(backend.name)` answered without tokens") }

    private func body(_ options: RequestTranslation.Options) throws -> JSON {
        let entry = try upstreams.prompts.entry(for: request, backend: backend)
        return .object(try RequestTranslation.countBody(of: request, prefix: entry.prefix, options: options))
    }

    private func exchange(_ url: String, _ body: JSON) async throws -> JSON {
        try await upstreams.client.exchange(.POST, url, key: backend.key, json: body, dialect: backend.dialect, timeout: .seconds(60))
    }
}
