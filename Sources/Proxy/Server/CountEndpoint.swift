import Hummingbird
import JSON
import LaunchPlan
import Messages
import NIOCore

/// `POST /v1/messages/count_tokens`
struct CountEndpoint: Sendable {
    let assembly: ProxyAssembly

    func respond(_ request: Request, _ body: ByteBuffer, _ requestID: String, _ permit: Gate.Permit) async throws -> Response {
        guard let (json, parts) = try assembly.json(of: body, in: request) else {
            return try await assembly.passUnread(request, body, requestID, permit)
        }
        let call = ProxySettings.Call(json, headers: request.headers, bytes: body.readableBytes, isCount: true)
        RequestTrace.current?.note(call, streams: false)
        let caller = Caller(request)
        let backend = try assembly.backends.backend(for: call, affinity: caller.conversation)
        return try await assembly.answer(for: backend, requestID) {
            if backend.settings.api == .anthropic {
                return try await PassThrough(assembly: assembly, backend: backend).respond(request, body: body, permit)
            }
            var message = try MessagesRequest(json, isCount: true, version: request.apiVersion)
            message.parts = parts
            message = try backend.shaping.shape(message).request
            let count = try await count(message, backend, caller, request)
            assembly.metrics.countRequest(backend: backend.name, status: 200)
            withExtendedLifetime(permit) {}
            return Answers.json(["input_tokens": .integer(count)], requestID: requestID)
        }
    }

    /// From what was counted before, where it is known whose count it is.
    private func count(_ message: MessagesRequest, _ backend: ResolvedBackend, _ caller: Caller, _ request: Request) async throws -> Int {
        let counter = TokenCounter(upstreams: assembly.upstreams, backend: backend, request: message)
        guard backend.dialect.tokenCounting != .unavailable, assembly.settings.responseCache.enabled, !request.bypassesCaches,
            let model = await assembly.upstreams.answeringModel(of: backend)
        else { return try await counter.count() }
        let key = RequestKey(message, backend: backend, asker: caller.asker, version: request.headers.value("anthropic-version"))
        let digest = key.digest(answeredBy: model)
        if let known = assembly.counts.find(digest) {
            assembly.metrics.countCache(layer: "count", result: "hit")
            return known
        }
        let count = try await counter.count()
        assembly.metrics.countCache(layer: "count", result: "miss")
        assembly.counts.keep(count, for: digest)
        return count
    }
}
