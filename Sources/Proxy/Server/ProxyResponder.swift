import HTTPTypes
import Hummingbird
import JSON
import LaunchPlan
import Logging
import Messages
import NIOCore
import Serving

/// The table of paths. Every answer is JSON, a stream of events, or metrics; every error is one of the API's.
struct ProxyResponder: HTTPResponder {
    typealias Context = BasicRequestContext

    private let assembly: ProxyAssembly
    private let asksForToken: Bool

    init(_ assembly: ProxyAssembly, asksForToken: Bool) {
        self.assembly = assembly
        self.asksForToken = asksForToken
    }

    func respond(to request: Request, context: BasicRequestContext) async throws -> Response {
        let requestID = Identifiers.request()
        do {
            return try await route(request, requestID)
        } catch let error as AnthropicError {
            assembly.metrics.countRequest(backend: "none", status: error.status)
            return Answers.error(error, requestID: requestID)
        } catch let error as CancellationError {
            throw error
        } catch {
            assembly.logger.error("a request failed", metadata: ["request": "\(requestID)", "error": "\(error)"])
            assembly.metrics.countRequest(backend: "none", status: 500)
            return Answers.error(AnthropicError(.api, "the proxy failed: \(error)"), requestID: requestID)
        }
    }

    private func route(_ request: Request, _ requestID: String) async throws -> Response {
        let path = request.uri.path
        switch (request.method, path) {
        case (.head, "/"), (.get, "/"), (.head, "/api/hello"), (.get, "/api/hello"): return Answers.json(["service": "anyclaude-proxy"])
        case (.get, "/health"), (.head, "/health"): return Answers.json(["status": "ok"])
        default: break
        }
        if asksForToken, let token = assembly.token { try Access.check(request, token: token) }
        switch (request.method, path) {
        case (.get, "/metrics"): return Answers.text(assembly.metrics.text)
        case (.get, "/v1/anyclaude/cache"): return Answers.json(await cacheReport())
        case (.post, "/v1/messages"): return try await MessagesEndpoint(assembly: assembly).respond(request, try await body(of: request), requestID)
        case (.post, "/v1/messages/count_tokens"):
            return try await CountEndpoint(assembly: assembly).respond(request, try await body(of: request), requestID)
        case (.get, _) where path == "/v1/models" || path.hasPrefix("/v1/models/"):
            if let backend = passBackend { return try await PassThrough(assembly: assembly, backend: backend).respond(request, body: ByteBuffer()) }
            return Answers.json(try ModelList(assembly.backends).answer(path: path), requestID: requestID)
        case (_, _) where path.hasPrefix("/v1/"):
            // What is not ours is the API's own, where that is where requests go.
            if let backend = passBackend {
                return try await PassThrough(assembly: assembly, backend: backend).respond(request, body: try await body(of: request))
            }
            fallthrough
        default: throw AnthropicError(.notFound, "there is no \(request.method.rawValue) \(path) here", shouldRetry: false)
        }
    }

    private var passBackend: ResolvedBackend? {
        guard let backend = assembly.backends.defaultBackend, backend.settings.api == .anthropic else { return nil }
        return backend
    }

    private func body(of request: Request) async throws -> ByteBuffer {
        let limit = assembly.settings.limits.maxBodyBytes
        guard let body = try await request.collectedBody(upTo: limit) else {
            throw AnthropicError(.requestTooLarge, "the request is larger than \(limit) bytes", shouldRetry: false)
        }
        return body
    }

    private func cacheReport() async -> JSON {
        ["prompt": assembly.prompts.json, "response": await assembly.responses.json(), "kv": assembly.metrics.kv]
    }
}
