import Hummingbird
import JSON
import LaunchPlan
import Messages
import NIOCore

/// `POST /v1/messages/count_tokens`
struct CountEndpoint: Sendable {
    let assembly: ProxyAssembly

    func respond(_ request: Request, _ body: ByteBuffer, _ requestID: String, _ permit: Gate.Permit) async throws -> Response {
        guard let json = try assembly.json(of: body, in: request) else { return try await assembly.passUnread(request, body, requestID, permit) }
        let call = ProxySettings.Call(json, headers: request.headers, bytes: body.readableBytes, isCount: true)
        let backend = try assembly.backends.backend(for: call, affinity: Caller(request).conversation)
        return try await assembly.answer(for: backend, requestID) {
            if backend.settings.api == .anthropic {
                return try await PassThrough(assembly: assembly, backend: backend).respond(request, body: body, permit)
            }
            let message = try backend.shaping.shape(MessagesRequest(json, isCount: true, version: request.apiVersion)).request
            let count = try await TokenCounter(upstreams: assembly.upstreams, backend: backend, request: message).count()
            assembly.metrics.countRequest(backend: backend.name, status: 200)
            withExtendedLifetime(permit) {}
            return Answers.json(["input_tokens": .integer(count)], requestID: requestID)
        }
    }
}
