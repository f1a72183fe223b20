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
    private let bodyTimeout: Duration

    /// - Parameter bodyTimeout: how long a request's body may take as a whole.
    init(_ assembly: ProxyAssembly, asksForToken: Bool, bodyTimeout: Duration = .seconds(60)) {
        self.assembly = assembly
        self.asksForToken = asksForToken
        self.bodyTimeout = bodyTimeout
    }

    func respond(to request: Request, context: BasicRequestContext) async throws -> Response {
        let requestID = Identifiers.request()
        guard !assembly.records.isEmpty, request.uri.path.hasPrefix("/v1/") else { return try await respond(request, requestID) }
        let trace = RequestTrace(request, requestID, records: assembly.records)
        do {
            let response = try await RequestTrace.$current.withValue(trace) { try await respond(request, requestID) }
            return trace.following(response, isHead: request.method == .head)
        } catch {
            trace.end(wasLeft: true)
            throw error
        }
    }

    private func respond(_ request: Request, _ requestID: String) async throws -> Response {
        do {
            return try await route(request, requestID)
        } catch let error as AnthropicError {
            return refusal(error, request, requestID)
        } catch let error as OpenAI.Failure {
            assembly.metrics.countRequest(backend: "none", status: error.status)
            return Answers.failure(error, requestID: requestID)
        } catch let error as CancellationError {
            throw error
        } catch {
            assembly.logger.error("a request failed", metadata: ["request": "\(requestID)", "error": "\(error)"])
            return refusal(AnthropicError(.api, "the proxy failed: \(error)"), request, requestID)
        }
    }

    private static let chatPath = "/v1/chat/completions"

    /// In the shape of the API that was asked.
    private func refusal(_ error: AnthropicError, _ request: Request, _ requestID: String) -> Response {
        guard request.uri.path == Self.chatPath else {
            assembly.metrics.countRequest(backend: "none", status: error.status)
            return Answers.error(error, requestID: requestID)
        }
        let failure = OpenAI.Failure(error)
        assembly.metrics.countRequest(backend: "none", status: failure.status)
        return Answers.failure(failure, requestID: requestID)
    }

    private func route(_ request: Request, _ requestID: String) async throws -> Response {
        let path = request.uri.path
        switch (request.method, path) {
        case (.head, "/"), (.get, "/"), (.head, "/api/hello"), (.get, "/api/hello"): return Answers.json(["service": "anyclaude-proxy"])
        case (.get, "/health"), (.head, "/health"): return Answers.json(["status": "ok"])
        default: break
        }
        if asksForToken, let token = assembly.token { try Access.check(request, token: token) }
        // The place comes before the body: what waits for a place must not fill the memory.
        switch (request.method, path) {
        case (.get, "/metrics"): return Answers.text(assembly.metrics.text)
        case (_, _) where path == CacheEndpoint.path || path.hasPrefix(CacheEndpoint.path + "/"):
            let isTrusted = !asksForToken || assembly.token != nil
            return try await CacheEndpoint(assembly: assembly, isTrusted: isTrusted).respond(request, requestID)
        case (.post, "/v1/messages"):
            let permit = try assembly.gate.enter()
            let body = try await body(of: request)
            return try await Self.reading(body) { try await MessagesEndpoint(assembly: assembly).respond(request, body, requestID, permit) }
        case (.post, "/v1/messages/count_tokens"):
            let permit = try assembly.gate.enter()
            let body = try await body(of: request)
            return try await Self.reading(body) { try await CountEndpoint(assembly: assembly).respond(request, body, requestID, permit) }
        case (.post, Self.chatPath):
            let permit = try assembly.gate.enter()
            let body = try await body(of: request)
            return try await Self.reading(body) { try await ChatEndpoint(assembly: assembly).respond(request, body, requestID, permit) }
        case (_, Self.chatPath): return notAllowed(request, path, "POST", requestID)
        case (_, _) where path.hasPrefix("/v1/"):
            // They are about a connection, which is not one that leads to the API.
            if request.method == .trace || request.method == .connect {
                return notAllowed(request, path, "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS", requestID)
            }
            // What is not ours is the API's own, where that is where requests go.
            if assembly.backends.passBackend != nil {
                let permit = try assembly.gate.enter()
                return try await assembly.passUnread(request, try await body(of: request), requestID, permit)
            }
            return try await own(request, path, requestID)
        default: throw Self.nothing(request, path)
        }
    }

    /// What this proxy says itself of the API's other paths.
    private func own(_ request: Request, _ path: String, _ requestID: String) async throws -> Response {
        let isModels = path == "/v1/models" || path.hasPrefix("/v1/models/")
        switch request.method {
        case .get where isModels, .head where isModels:
            return Answers.json(try await models(request, path), requestID: requestID)
        case _ where isModels: return notAllowed(request, path, "GET, HEAD", requestID)
        case _ where path == "/v1/messages" || path == "/v1/messages/count_tokens": return notAllowed(request, path, "POST", requestID)
        default: throw Self.nothing(request, path)
        }
    }

    private func models(_ request: Request, _ path: String) async throws -> JSON {
        let list = ModelList(assembly.backends, windows: await assembly.windows())
        let prefix = "/v1/models/"
        if path.hasPrefix(prefix) { return try list.model(String(path.dropFirst(prefix.count))) }
        let query = request.uri.queryParameters
        var limit: Int?
        if let text = query["limit"] {
            guard let number = Int(text) else { throw AnthropicError.invalid("limit: Input should be a valid integer") }
            limit = number
        }
        return try list.page(limit: limit, after: query["after_id"].map(String.init), before: query["before_id"].map(String.init))
    }

    private static func nothing(_ request: Request, _ path: String) -> AnthropicError {
        AnthropicError(.notFound, "there is no \(request.method.rawValue) \(path) here", shouldRetry: false)
    }

    private func notAllowed(_ request: Request, _ path: String, _ allowed: String, _ requestID: String) -> Response {
        assembly.metrics.countRequest(backend: "none", status: 405)
        var response = Answers.error(.invalid("\(request.method.rawValue) is not a method of \(path): \(allowed)"), requestID: requestID)
        response.status = .methodNotAllowed
        response.headers.set("allow", allowed)
        return response
    }

    /// A body of which reading alone takes some milliseconds.
    private static let largeBody = 256 << 10

    /// Where bodies are small, on the connection's event loop: a change of thread costs more. What is made of a large one would hold up
    /// all others there.
    private static func reading(_ body: ByteBuffer, _ respond: () async throws -> Response) async throws -> Response {
        guard body.readableBytes > largeBody else { return try await respond() }
        return try await withTaskExecutorPreference(globalConcurrentExecutor) { try await respond() }
    }

    private func body(of request: Request) async throws -> ByteBuffer {
        let limit = assembly.settings.limits.maxBodyBytes
        let body = try await withDeadline(
            bodyTimeout, orThrow: AnthropicError(.timeout, "the request's body did not come within \(bodyTimeout)")
        ) {
            guard let body = try await request.collectedBody(upTo: limit) else {
                throw AnthropicError(.requestTooLarge, "the request is larger than \(limit) bytes", shouldRetry: false)
            }
            return body
        }
        RequestTrace.current?.note(body: body)
        return body
    }
}
