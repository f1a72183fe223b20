import AsyncHTTPClient
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

    /// Of one connection, not of the message (RFC 9110, section 7.6.1).
    private static let hopByHop: Set<String> = [
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
        "host", "expect",
    ]

    /// - Parameter permit: held until the last byte is written.
    func respond(_ request: Request, body: ByteBuffer, _ permit: Gate.Permit) async throws -> Response {
        guard case .url(let base) = backend.settings.target else {
            throw AnthropicError(.api, "the backend `\(backend.name)` passes requests on and needs a URL", shouldRetry: false)
        }
        try PassedPaths.check(request.uri.path, usesOwnKey: backend.key != nil)
        let method = HTTPMethod(rawValue: request.method.rawValue)
        // Path and query alone: a target that names a host would make another address of the base.
        let target = request.uri.path + (request.uri.query.map { "?" + $0 } ?? "")
        let hasBody = request.headers[.contentLength] != nil || request.headers[.transferEncoding] != nil
        let response: HTTPClientResponse
        do {
            response = try await assembly.upstreams.client.send(
                method, UpstreamLocation(url: base).root(target), headers: try headers(of: request),
                body: hasBody ? Self.withoutOwnThinking(body) : nil)
        } catch let error as UpstreamUnreachable {
            throw AnthropicError(.api, error.description)
        }
        assembly.metrics.countRequest(backend: backend.name, status: Int(response.status.code))
        var fields = Self.fields(response.headers)
        // Without a length the end of a body would be written, which an answer to HEAD does not have.
        if method == .HEAD, fields[.contentLength] == nil { fields[.contentLength] = "0" }
        return Response(
            status: HTTPResponse.Status(code: Int(response.status.code)), headers: fields,
            body: ResponseBody { writer in
                for try await buffer in response.body { try await writer.write(buffer) }
                try await writer.finish(nil)
                withExtendedLifetime(permit) {}
            })
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
            mark.withUnsafeBytes { mark in
                guard let start = bytes.baseAddress, let sought = mark.baseAddress else { return false }
                return memmem(start, bytes.count, sought, mark.count) != nil
            }
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

    private static func fields(_ headers: HTTPHeaders) -> HTTPFields {
        let named = Set(headers[canonicalForm: "connection"].map { String($0).lowercased() })
        var fields = HTTPFields()
        for (name, value) in headers {
            guard !hopByHop.contains(name.lowercased()), !named.contains(name.lowercased()), let field = HTTPField.Name(name) else { continue }
            fields.append(HTTPField(name: field, value: value))
        }
        return fields
    }
}
