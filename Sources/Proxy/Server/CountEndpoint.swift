import Hummingbird
import JSON
import LaunchPlan
import Messages
import NIOCore

/// `POST /v1/messages/count_tokens`
struct CountEndpoint: Sendable {
    let assembly: ProxyAssembly

    func respond(_ request: Request, _ body: ByteBuffer, _ requestID: String, _ permit: Gate.Permit) async throws -> Response {
        let (json, parts) = try request.json(of: body, assembly.upstreams.prompts)
        let call = ProxySettings.Call(json, headers: request.headers, bytes: body.readableBytes, isCount: true)
        RequestTrace.current?.note(call, streams: false)
        let backend = try assembly.backends.backend(for: call, affinity: Caller(request).conversation)
        return try await assembly.answer(for: backend, requestID) {
            if backend.settings.api == .anthropic {
                return try await PassThrough(assembly: assembly, backend: backend).respond(request, body: body, permit)
            }
            var message = try MessagesRequest(json, isCount: true, version: request.apiVersion)
            message.parts = parts
            let count = try await TokenCounter(upstreams: assembly.upstreams, backend: backend, request: message).count()
            assembly.metrics.countRequest(backend: backend.name, status: 200)
            withExtendedLifetime(permit) {}
            return Answers.json(["input_tokens": .integer(count)], requestID: requestID)
        }
    }
}
