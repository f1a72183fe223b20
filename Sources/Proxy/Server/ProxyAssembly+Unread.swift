import Hummingbird
import JSON
import Messages
import NIOCore

/// Bodies that this proxy cannot read: compressed ones, and what is no JSON. The API can, or says itself what is wrong with them.
extension ProxyAssembly {
    /// - Returns: nil where the body cannot be read and belongs to the API, since requests that no route takes go there.
    func json(of body: ByteBuffer, in request: Request) throws(AnthropicError) -> (json: JSON, parts: BodyParts?)? {
        do {
            return try request.json(of: body, upstreams.prompts)
        } catch {
            guard backends.passBackend != nil else { throw error }
            return nil
        }
    }

    func passUnread(_ request: Request, _ body: ByteBuffer, _ requestID: String, _ permit: Gate.Permit) async throws -> Response {
        guard let backend = backends.passBackend else { throw AnthropicError.invalid("the body is not JSON") }
        return try await answer(for: backend, requestID) {
            try await PassThrough(assembly: self, backend: backend).respond(request, body: body, permit)
        }
    }
}
