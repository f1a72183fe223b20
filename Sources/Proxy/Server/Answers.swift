import HTTPTypes
import Hummingbird
import JSON
import Messages
import NIOCore

/// Responses in the API's shapes.
enum Answers {
    static func json(_ json: JSON, status: HTTPResponse.Status = .ok, requestID: String? = nil) -> Response {
        var headers: HTTPFields = [.contentType: "application/json"]
        if let requestID { headers.set("request-id", requestID) }
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: json.bytes)))
    }

    static func text(_ text: String) -> Response {
        Response(
            status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"], body: ResponseBody(byteBuffer: ByteBuffer(string: text))
        )
    }

    /// For clients of the chat-completions API.
    static func failure(_ failure: OpenAI.Failure, requestID: String) -> Response {
        var response = json(failure.json, status: HTTPResponse.Status(code: failure.status))
        response.headers.set("x-request-id", requestID)
        if let seconds = failure.retryAfter { response.headers.set("retry-after", String(seconds)) }
        // Its SDKs try again what they do not know to be hopeless.
        if failure.status == 402 { response.headers.set("x-should-retry", "false") }
        return response
    }

    static func error(_ error: AnthropicError, requestID: String) -> Response {
        RequestTrace.current?.note(error)
        var response = json(error.json(requestID: requestID), status: HTTPResponse.Status(code: error.status), requestID: requestID)
        if let seconds = error.retryAfter { response.headers.set("retry-after", String(seconds)) }
        if let retry = error.shouldRetry { response.headers.set("x-should-retry", retry ? "true" : "false") }
        return response
    }
}

extension ProxyAssembly {
    /// An error after the backend is known is counted under its name.
    func answer(for backend: ResolvedBackend, _ requestID: String, _ answer: () async throws -> Response) async throws -> Response {
        RequestTrace.current?.note(backend: backend)
        do {
            return try await answer()
        } catch let error as AnthropicError {
            metrics.countRequest(backend: backend.name, status: error.status)
            return Answers.error(error, requestID: requestID)
        } catch let error as CancellationError {
            metrics.countRequest(backend: backend.name, status: ProxyMetrics.clientLeft)
            throw error
        }
    }
}

extension HTTPFields {
    mutating func set(_ name: String, _ value: String) {
        if let name = HTTPField.Name(name) { self[name] = value }
    }

    func value(_ name: String) -> String? { HTTPField.Name(name).flatMap { self[$0] } }
}
