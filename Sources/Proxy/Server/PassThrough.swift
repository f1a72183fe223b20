import Control
import Glibc
import HTTPTypes
import Hummingbird
import JSON
import LaunchPlan
import Messages
import NIOCore
import NIOHTTP1
import Serving

/// The Anthropic API itself: bytes pass unchanged both ways, errors and headers too.
struct PassThrough: Sendable {
    let assembly: ProxyAssembly
    let backend: ResolvedBackend
    /// Another backend can be asked where this one takes nothing.
    var hasOthers = false

    /// Of one connection, not of the message (RFC 9110, section 7.6.1).
    private static let hopByHop: Set<String> = [
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
        "host", "expect",
    ]

    /// - Parameter permit: held until the last byte is written.
    func respond(_ request: Request, body: ByteBuffer, _ permit: Gate.Permit) async throws -> Response {
        let response = try await send(request, body)
        assembly.metrics.countRequest(backend: backend.name, status: Int(response.status.code))
        var fields = Self.fields(response.headers)
        // Without a length the end of a body would be written, which an answer to HEAD does not have.
        if request.method == .head, fields[.contentLength] == nil { fields[.contentLength] = "0" }
        return Response(
            status: HTTPResponse.Status(code: Int(response.status.code)), headers: fields,
            body: ResponseBody { writer in
                for try await buffer in response.body { try await writer.write(buffer) }
                try await writer.finish(nil)
                withExtendedLifetime(permit) {}
            })
    }

    /// Those of a client of another API, which knows nothing of versions.
    func chatHeaders(of request: Request) throws(AnthropicError) -> HTTPHeaders {
        var headers = try headers(of: request)
        headers.replaceOrAdd(name: "content-type", value: "application/json")
        headers.replaceOrAdd(name: "accept", value: "application/json, text/event-stream")
        headers.remove(name: "accept-encoding")
        if headers["anthropic-version"].isEmpty { headers.add(name: "anthropic-version", value: "2023-06-01") }
        return headers
    }

    /// The events behind a head that was sent already; an answer that is no stream is an error of the API, as an event.
    func relay(_ request: Request, body: ByteBuffer, to writer: inout ServerSentEvents.EventWriter) async throws {
        let response = try await send(request, body)
        assembly.metrics.countRequest(backend: backend.name, status: Int(response.status.code))
        guard response.headers.first(name: "content-type")?.lowercased().hasPrefix("text/event-stream") == true else {
            let answer = try await UpstreamClient.bytes(of: response)
            guard let json = try? JSON(parsing: answer), json["type"] == "error" else {
                throw AnthropicError(.api, "the backend `\(backend.name)` answered a stream with status \(response.status.code)")
            }
            return try await writer.event("error", data: json.bytes)
        }
        for try await buffer in response.body { try await writer.raw(buffer) }
    }

    /// The head of the answer. What could not be sent is sent again; where another backend can be asked, one that takes nothing is an error.
    private func send(_ request: Request, _ body: ByteBuffer) async throws -> UpstreamResponse {
        guard case .url(let base) = backend.settings.target else {
            throw AnthropicError(.api, "the backend `\(backend.name)` passes requests on and needs a URL", shouldRetry: false)
        }
        try PassedPaths.check(request.uri.path, usesOwnKey: backend.key != nil)
        let headers = try headers(of: request)
        let url = UpstreamLocation(url: base).root(try Self.reference(request))
        let method = HTTPMethod(rawValue: request.method.rawValue)
        let hasBody = request.headers[.contentLength] != nil || request.headers[.transferEncoding] != nil
        let bytes = hasBody ? Self.withoutOwnThinking(body) : nil
        var attempt = 1
        while true {
            let pass = try assembly.upstreams.health.admit(backend.name)
            do {
                let response = try await assembly.upstreams.client.send(method, url, headers: headers, body: bytes)
                let status = Int(response.status.code)
                pass.report(CircuitBreaker.Outcome(status: status))
                guard hasOthers, RetryPolicy.isBusy(status) else { return response }
                let answer = try await UpstreamClient.bytes(of: response)
                throw UpstreamClient.failure(response, answer, backend.dialect)
            } catch let error as UpstreamUnreachable {
                pass.report(.failure)
                let pause = assembly.upstreams.retries.pause(
                    after: attempt, .refused, remaining: assembly.upstreams.hold, hasOthers: hasOthers, chance: .random(in: 0...1))
                guard !error.wasSent, let pause else { throw AnthropicError(.api, error.description) }
                assembly.metrics.countRetry(backend: backend.name)
                RequestTrace.current?.note { $0.retries += 1 }
                try await Task.sleep(for: pause)
            } catch let error as AnthropicError {
                if error.kind == .timeout { pass.report(.failure) }
                throw error
            }
            attempt += 1
        }
    }

    /// Path and query alone: a client may name a host there (RFC 9112, section 3.2.2), and the plan says which one is asked.
    private static func reference(_ request: Request) throws(AnthropicError) -> String {
        let path = request.uri.path
        guard path.hasPrefix("/") else { throw .invalid("the target of the request is no path") }
        return path + (request.uri.query.map { "?\($0)" } ?? "")
    }

    /// The same bytes, unless a model of ours has thought in this conversation: the API would refuse it for that.
    private static func withoutOwnThinking(_ body: ByteBuffer) -> ByteBuffer {
        guard holdsMark(body), let json = try? JSON(parsing: Array(body.readableBytesView)), let changed = OwnThinking.removed(fromBody: json) else {
            return body
        }
        return ByteBuffer(bytes: changed.bytes)
    }

    private static func holdsMark(_ body: ByteBuffer) -> Bool {
        let mark = Array(OwnThinking.mark.utf8)
        return body.withUnsafeReadableBytes { bytes in
            guard let first = mark.first, var place = bytes.baseAddress else { return false }
            let end = place + bytes.count
            while let found = memchr(place, CInt(first), end - place).map({ UnsafeRawPointer($0) }), end - found >= mark.count {
                if memcmp(found, mark, mark.count) == 0 { return true }
                place = found + 1
            }
            return false
        }
    }

    private func headers(of request: Request) throws(AnthropicError) -> HTTPHeaders {
        let connection = request.headers[values: .connection].joined(separator: ",").lowercased()
        let named = Set(connection.split(separator: ",").map { part in part.filter { $0 != " " } })
        var headers = HTTPHeaders()
        var isStripped = false
        for field in request.headers {
            let name = field.name.canonicalName
            if Self.hopByHop.contains(name) || named.contains(name) || name == "content-length" || name.hasPrefix("x-anyclaude-") { continue }
            // What is captured is to be read.
            if name == "accept-encoding", RequestTrace.current?.exchange != nil { continue }
            let isCredential = name == "x-api-key" || name == "authorization"
            // A key of the settings takes the place of the client's credentials.
            if isCredential, backend.key != nil { continue }
            if isOurs(name, field.value) {
                isStripped = true
                continue
            }
            headers.add(name: field.name.rawName, value: field.value)
        }
        if let key = backend.key { headers.add(name: "x-api-key", value: key) }
        if isStripped, headers["x-api-key"].isEmpty, headers["authorization"].isEmpty {
            throw AnthropicError(
                .authentication,
                "the credential of this client is for the proxy, and the backend `\(backend.name)` has none: set `backends.\(backend.name).apiKey`",
                shouldRetry: false)
        }
        return headers
    }

    /// The token that opens this proxy is nobody else's business; the word in its place where there is none is of no use to anybody.
    private func isOurs(_ name: String, _ value: String) -> Bool {
        guard let shown = Access.credential(name, value) else { return false }
        if shown == ClientEnvironment.placeholderToken { return true }
        return assembly.token.map { Access.isEqual(Array(shown.utf8), Array($0.utf8)) } ?? false
    }

    static func fields(_ headers: HTTPHeaders) -> HTTPFields {
        let named = Set(headers[canonicalForm: "connection"].map { String($0).lowercased() })
        var fields = HTTPFields()
        for (name, value) in headers {
            guard !hopByHop.contains(name.lowercased()), !named.contains(name.lowercased()), let field = HTTPField.Name(name) else { continue }
            fields.append(HTTPField(name: field, value: value))
        }
        return fields
    }
}
