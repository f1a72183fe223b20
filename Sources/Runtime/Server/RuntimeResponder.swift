import HTTPTypes
import Hummingbird
import JSON
import Logging
import Messages
import NIOCore
import Serving

/// The table of paths. Every answer is JSON, a stream of events, or metrics; every error is one of the API's.
struct RuntimeResponder: HTTPResponder {
    typealias Context = BasicRequestContext

    let state: ServerState
    let metrics: RuntimeMetrics
    let prefixes: PrefixStore
    let logger: Logger
    /// Bytes of a request's body.
    private static let longestBody = 64 << 20

    /// Every answer says whose it is, refusals too: they come from the model's template and window.
    func respond(to request: Request, context: BasicRequestContext) async throws -> Response {
        let model = state.model
        var response = try await answer(to: request)
        if let fingerprint = model?.fingerprint, let name = HTTPField.Name(Native.modelHeader) { response.headers[name] = fingerprint }
        return response
    }

    private func answer(to request: Request) async throws -> Response {
        let endpoint = Self.endpoint(request.uri.path)
        do {
            return try await route(request)
        } catch let error as CancellationError {
            metrics.count(endpoint, status: 499)
            throw error
        } catch {
            let failure = OpenAI.Failure(error)
            if failure.status >= 500 { logger.error("a request failed", metadata: ["path": "\(request.uri.path)", "error": "\(error)"]) }
            metrics.count(endpoint, status: failure.status)
            return Answers.failure(failure)
        }
    }

    /// A label of few values, whatever paths are asked for.
    private static func endpoint(_ path: String) -> String {
        switch path {
        case "/v1/chat/completions": "chat"
        case "/v1/completions": "completions"
        case "/v1/chat/tokenize", "/tokenize", "/detokenize": "tokenize"
        case _ where path.hasPrefix("/v1/prefixes/"): "prefixes"
        default: "other"
        }
    }

    private func route(_ request: Request) async throws -> Response {
        let path = request.uri.path
        switch (request.method, path) {
        case (.get, "/health"), (.head, "/health"):
            return Answers.json(state.json, status: state.model == nil ? .serviceUnavailable : .ok)
        case (.get, "/metrics"): return Answers.metrics(metrics.registry.text)
        default: break
        }
        guard let model = state.model else {
            throw OpenAI.Failure.unavailable("the model is not ready: \(state.json.text)", code: "model_not_ready", retryAfter: 2)
        }
        let text = TextEndpoints(model: model, prefixes: prefixes)
        switch (request.method, path) {
        case (.get, "/v1/models"): return Answers.json(["object": "list", "data": [Self.description(of: model)]])
        case (.get, _) where path.hasPrefix("/v1/models/"):
            let name = PercentEncoding.decoded(path.dropFirst("/v1/models/".count)) ?? ""
            guard name == model.name else { throw OpenAI.Failure.modelNotFound(name, offered: [model.name]) }
            return Answers.json(Self.description(of: model))
        case (.get, "/v1/capabilities"): return Answers.json(try JSON(encoding: model.capabilities))
        case (.post, "/v1/chat/completions"):
            let body = try await json(request, for: model)
            let job = try await WorkerThread.result("prompt") { [prefixes] in try ChatJob(body, model: model, prefixes: prefixes) }
            return try await ChatEndpoint(model: model, metrics: metrics).respond(to: job)
        case (.post, "/v1/completions"):
            let body = try await json(request, for: model)
            let job = try await WorkerThread.result("prompt") { try CompletionJob(body, model: model) }
            return try await CompletionEndpoint(model: model, metrics: metrics).respond(to: job)
        case (.post, "/v1/chat/tokenize"): return try await answer(request, model, text.count)
        case (.post, "/tokenize"): return try await answer(request, model, text.tokenize)
        case (.post, "/detokenize"): return try await answer(request, model, text.detokenize)
        case (.put, _) where path.hasPrefix("/v1/prefixes/"):
            let body = try await json(request, for: model)
            return Answers.json(try await text.keepPrefix(body, digest: String(path.dropFirst("/v1/prefixes/".count))))
        default:
            throw OpenAI.Failure(
                status: 404, message: "there is no \(request.method.rawValue) \(path) here", type: "invalid_request_error", code: "not_found")
        }
    }

    private func answer(_ request: Request, _ model: ServedModel, _ work: @escaping @Sendable (JSON) throws -> JSON) async throws -> Response {
        let body = try await json(request, for: model)
        return Answers.json(try await WorkerThread.result("text") { try work(body) })
    }

    private static func description(of model: ServedModel) -> JSON {
        [
            "id": .string(model.name), "object": "model", "created": .integer(model.created), "owned_by": "anyclaude",
            "context_window": .integer(model.engine.contextWindow),
        ]
    }

    /// The body as JSON, for the model that is served here.
    private func json(_ request: Request, for model: ServedModel) async throws -> JSON {
        guard let body = try await request.collectedBody(upTo: Self.longestBody) else {
            throw OpenAI.Failure(status: 413, message: "the request is larger than \(Self.longestBody) bytes", type: "invalid_request_error")
        }
        let json: JSON
        do {
            json = try await WorkerThread.result("parse") { try JSON(parsing: Array(body.readableBytesView)) }
        } catch {
            throw OpenAI.Failure.invalidRequest("the body is not JSON: \(error)")
        }
        guard json.objectValue != nil else { throw OpenAI.Failure.invalidRequest("the body must be an object, not \(json.typeName)") }
        if let wanted = json["model"], !wanted.isNull {
            guard let name = wanted.stringValue else { throw OpenAI.Failure.invalidRequest("`model` must be a text", param: "model") }
            guard name == model.name else { throw OpenAI.Failure.modelNotFound(name, offered: [model.name]) }
        }
        return json
    }
}
