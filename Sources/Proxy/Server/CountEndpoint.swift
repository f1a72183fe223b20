import Hummingbird
import JSON
import Messages
import NIOCore

/// `POST /v1/messages/count_tokens`
struct CountEndpoint: Sendable {
    let assembly: ProxyAssembly

    func respond(_ request: Request, _ body: ByteBuffer, _ requestID: String) async throws -> Response {
        let json = try request.json(of: body)
        let backend = try assembly.backends.backend(for: json["model"]?.stringValue ?? "")
        if backend.settings.api == .anthropic { return try await PassThrough(assembly: assembly, backend: backend).respond(request, body: body) }
        let permit = try assembly.gate.enter()
        defer { withExtendedLifetime(permit) {} }
        let counter = TokenCounter(assembly: assembly, backend: backend, request: try MessagesRequest(json, isCount: true))
        let count = try await counter.count()
        assembly.metrics.countRequest(backend: backend.name, status: 200)
        return Answers.json(["input_tokens": .integer(count)], requestID: requestID)
    }
}
