import HTTPTypes
import Hummingbird
import JSON
import LaunchPlan
import Messages
import NIOCore
import Serving

/// `POST /v1/messages`: from the caches, from an answer under way, or from the model's server.
struct MessagesEndpoint: Sendable {
    let assembly: ProxyAssembly

    func respond(_ request: Request, _ body: ByteBuffer, _ requestID: String) async throws -> Response {
        let json = try request.json(of: body)
        let permit = try assembly.gate.enter()
        let backend = try assembly.backends.backend(for: json["model"]?.stringValue ?? "")
        if backend.settings.api == .anthropic { return try await PassThrough(assembly: assembly, backend: backend).respond(request, body: body) }
        let message = try MessagesRequest(json)
        let source = try await source(of: message, backend, request)
        let delivery = Delivery(assembly: assembly, backend: backend, source: source, requestID: requestID, permit: permit)
        return message.stream ? try await delivery.stream() : try await delivery.whole()
    }

    private func source(of message: MessagesRequest, _ backend: ResolvedBackend, _ request: Request) async throws(AnthropicError) -> Delivery.Source {
        let session = ["x-claude-code-session-id", "x-claude-code-agent-id"].compactMap { request.headers.value($0) }.joined(separator: "/")
        let isRetry = (request.headers.value("x-stainless-retry-count").flatMap { Int($0) } ?? 0) > 0
        let key = RequestKey(message, backend: backend, session: session.isEmpty ? nil : session, isRetry: isRetry)
        let bypasses =
            request.headers.value("x-anyclaude-cache")?.lowercased() == "bypass"
            || request.headers[.cacheControl]?.lowercased().contains("no-store") == true
        if bypasses { return .generation(begin(assembly.generations.unshared(), message, backend, key, sharing: nil), "bypass") }
        if let hit = await assembly.responses.find(key) { return kept(hit, message) }
        let sharing = key.sharing
        switch assembly.generations.claim(sharing, mayShare: key.mayShare && assembly.settings.responseCache.enabled) {
        case .running(let generation):
            assembly.metrics.countCache(layer: "response", result: "join")
            return .generation(Delivery.Live(generation.listen(), generation, sharing), "join")
        case .undelivered(let generation):
            assembly.metrics.countCache(layer: "response", result: "replay")
            return .generation(Delivery.Live(generation.listen(), generation, sharing), "replay")
        case .delivered(let generation) where key.isDeterministic:
            return kept(ResponseCache.Hit(message: generation.message.json, ageSeconds: 0), message)
        case .delivered:
            let generation = assembly.generations.renew(sharing)
            assembly.metrics.countCache(layer: "response", result: "miss")
            return .generation(begin(generation, message, backend, key, sharing: sharing), "miss")
        case .new(let generation):
            assembly.metrics.countCache(layer: "response", result: "miss")
            return .generation(begin(generation, message, backend, key, sharing: sharing), "miss")
        }
    }

    private func kept(_ hit: ResponseCache.Hit, _ message: MessagesRequest) -> Delivery.Source {
        assembly.metrics.countCache(layer: "response", result: "hit")
        assembly.metrics.notComputed(MessageUsage(hit.message["usage"]))
        return .kept(hit, model: message.model)
    }

    private func begin(
        _ generation: Generation, _ message: MessagesRequest, _ backend: ResolvedBackend, _ key: RequestKey, sharing: String?
    ) -> Delivery.Live {
        let live = Delivery.Live(generation.listen(), generation, sharing)
        let upstream = ChatUpstream(assembly: assembly, backend: backend, request: message)
        let assembly = assembly
        generation.start(limits: assembly.settings.limits) {
            try await upstream.run(into: $0)
        } atEnd: { generation in
            assembly.metrics.countAnswer(generation, backend: backend.name)
            if sharing != nil { await assembly.responses.keep(generation.message, for: key) }
            generation.markSettled()
            assembly.generations.settle(sharing, generation)
        }
        return live
    }
}
