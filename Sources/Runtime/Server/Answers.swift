import HTTPTypes
import Hummingbird
import JSON
import Messages
import NIOCore

/// Responses in the API's shapes.
enum Answers {
    static func json(_ json: JSON, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]) -> Response {
        var headers = headers
        headers[.contentType] = "application/json"
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: json.bytes)))
    }

    static func metrics(_ text: String) -> Response {
        Response(
            status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"], body: ResponseBody(byteBuffer: ByteBuffer(string: text))
        )
    }

    static func failure(_ failure: OpenAI.Failure) -> Response {
        var headers = HTTPFields()
        if let seconds = failure.retryAfter { headers[.retryAfter] = String(seconds) }
        return json(failure.json, status: .init(code: failure.status), headers: headers)
    }

    /// Which keywords of the request's schemas the answer need not meet; none where it meets all.
    static func grammarHeaders(dropped: [String]) -> HTTPFields {
        var headers = HTTPFields()
        let words = dropped.filter { $0.utf8.count <= 40 && $0.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: ",") } }
        guard !words.isEmpty, let name = HTTPField.Name("x-anyclaude-grammar") else { return headers }
        headers[name] = "dropped=" + words.prefix(20).joined(separator: ",")
        return headers
    }
}

extension OpenAI.Failure {
    /// What the engine's refusal means to a client.
    init(_ error: any Error) {
        switch error {
        case let failure as OpenAI.Failure: self = failure
        case EngineError.queueFull(let limit): self = .overloaded("the queue is full: \(limit) requests wait already", retryAfter: 2)
        case EngineError.contextOverflow(let prompt, let limit): self = .contextLengthExceeded(promptTokens: prompt, window: limit)
        case EngineError.invalidRequest(let message): self = .invalidRequest(message)
        case EngineError.shuttingDown: self = .unavailable("the server is shutting down", code: "shutting_down", retryAfter: 5)
        case EngineError.failed(let error): self = .internalError("the computation failed: \(error)")
        default: self = .internalError("\(error)")
        }
    }
}
