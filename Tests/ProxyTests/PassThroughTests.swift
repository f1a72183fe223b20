import Control
import Hummingbird
import JSON
import LaunchPlan
import Locking
import Messages
import Testing

@testable import Proxy

/// The API itself behind the proxy: what the client sent is what arrives, and what was answered is what the client gets.
@Suite(.timeLimit(.minutes(10))) struct PassThroughTests {
    private static let body: [UInt8] = Array("{\"model\":\"claude-x\" ,  \"n\": 1.50, \"é\":\"\\u00e9\", \"messages\" : []}".utf8)

    private static func head(_ target: String, _ headers: [String], method: String = "POST", length: Int? = body.count) -> String {
        let lines = ["\(method) \(target) HTTP/1.1", "Host: proxy"] + headers + (length.map { ["Content-Length: \($0)"] } ?? [])
        return lines.joined(separator: "\r\n") + "\r\n\r\n"
    }

    private static func ok(_ more: String = "", _ body: String = "{}") -> [UInt8] {
        Array("HTTP/1.1 200 OK\r\ncontent-length: \(body.utf8.count)\r\n\(more)\r\n\(body)".utf8)
    }

    /// One exchange as bytes; the connection ends with it.
    private static func exchange(
        _ api: RawServer, _ request: String, _ body: [UInt8] = body, key: String? = nil, token: String? = nil, until end: String
    ) async throws -> String {
        String(decoding: try await bytes(api, request, body, key: key, token: token, until: end), as: UTF8.self)
    }

    private static func bytes(
        _ api: RawServer, _ request: String, _ body: [UInt8] = body, key: String? = nil, token: String? = nil, until end: String
    ) async throws -> [UInt8] {
        var backend = EndpointTests.claude(api.base)
        backend.apiKey = key.map { _ in "k" }
        var secrets: [String: String] = [:]
        secrets["k"] = key
        secrets["t"] = token
        let answer = Mutex<[UInt8]>([])
        try await ProxyUnderTest.run(ProxyUnderTest.settings(backend, token: token.map { _ in "t" }), secrets: secrets) { proxy in
            let client = try RawClient(port: proxy.port)
            client.send(request + String(decoding: body, as: UTF8.self))
            let bytes = await client.bytes(until: end)
            answer.withLock { $0 = bytes }
        }
        return answer.withLock { $0 }
    }

    @Test func theRequestArrivesAsItWasSent() async throws {
        let api = try RawServer { _ in [Self.ok()] }
        let headers = [
            "anthropic-version: 2023-06-01", "anthropic-beta: a-2025,b-2026", "anthropic-beta: c-2026", "X-Api-Key: sk-mine",
            "Authorization: Bearer mine",
            "Accept-Encoding: gzip, br", "User-Agent: claude-cli/2.1", "X-Stainless-Retry-Count: 0", "Content-Type: application/json",
        ]
        _ = try await Self.exchange(api, Self.head("/v1/messages?beta=true&x=%2F%20y", headers), until: "{}")
        let seen = try #require(api.requests.first)
        #expect(seen.body == Self.body)
        #expect(seen.requestLine == "POST /v1/messages?beta=true&x=%2F%20y HTTP/1.1")
        for line in headers {
            let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
            #expect(seen.values(parts[0]).contains(String(parts[1].dropFirst())), "\(line): \(seen.head)")
        }
        #expect(seen.values("anthropic-beta") == ["a-2025,b-2026", "c-2026"])
    }

    @Test func whatConcernsOneConnectionStaysThere() async throws {
        let api = try RawServer { _ in
            [
                Array(
                    "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nConnection: X-Secret-Hop\r\nX-Secret-Hop: 1\r\nKeep-Alive: timeout=5\r\nX-Kept: 1\r\n\r\n{}"
                        .utf8)
            ]
        }
        let headers = ["Connection: keep-alive, X-Hop", "X-Hop: 1", "TE: trailers", "Proxy-Authorization: Basic x", "Keep-Alive: 3", "X-End: 1"]
        let answer = try await Self.exchange(api, Self.head("/v1/messages", headers), until: "{}").lowercased()
        let seen = try #require(api.requests.first)
        for name in ["x-hop", "te", "proxy-authorization", "keep-alive"] { #expect(seen.values(name) == [], "\(name)") }
        #expect(seen.values("x-end") == ["1"] && seen.values("host") == ["127.0.0.1:\(api.port)"])
        #expect(!answer.contains("x-secret-hop") && !answer.contains("keep-alive:") && answer.contains("x-kept: 1"))
    }

    @Test func aCompressedBodyArrivesCompressed() async throws {
        let answer = "\u{1}\u{2}zip"
        let api = try RawServer { _ in [Self.ok("content-encoding: gzip\r\n", answer)] }
        let body: [UInt8] = [0x1F, 0x7B, 0x08, 0x00, 0x41]
        let text = try await Self.exchange(api, Self.head("/v1/messages", ["Content-Encoding: gzip"], length: body.count), body, until: answer)
        #expect(api.requests.first?.body == body && api.requests.first?.values("content-encoding") == ["gzip"])
        #expect(text.lowercased().contains("content-encoding: gzip") && text.hasSuffix(answer))
    }

    /// The API says itself what is wrong with a request.
    @Test func errorsAreTheAPIsOwn() async throws {
        let error = "{\"type\":\"error\" , \"error\":{\"type\":\"x_error\",\"message\":\"as it is\"}}"
        let api = try RawServer { _ in
            [
                Array(
                    "HTTP/1.1 418 Odd\r\nretry-after: 7\r\nrequest-id: req_1\r\nx-should-retry: true\r\ncontent-length: \(error.utf8.count)\r\n\r\n\(error)"
                        .utf8)
            ]
        }
        let text = try await Self.exchange(api, Self.head("/v1/messages", [], length: 5), Array("{bad!".utf8), until: error)
        #expect(text.hasPrefix("HTTP/1.1 418") && text.hasSuffix(error))
        for line in ["retry-after: 7", "request-id: req_1", "x-should-retry: true"] { #expect(text.lowercased().contains(line), "\(text)") }
        #expect(api.requests.first?.body == Array("{bad!".utf8))
    }

    /// However the API's stream is cut into pieces, and whatever is in it.
    @Test func aStreamPassesByteForByte() async throws {
        let events =
            "event: message_start\r\ndata: {\"a\": 1 }\r\n\r\n: note\n\nevent: ping\ndata:{}\n\ndata: é🦊\n\nevent: unknown_thing\ndata: x\ndata: y\n\nrest without end"
        let bytes = Array(events.utf8)
        for size in [1, 2, 3, 7, 64, bytes.count] {
            let api = try RawServer { _ in
                let head = Array("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n".utf8)
                let chunks = stride(from: 0, to: bytes.count, by: size).map { start -> [UInt8] in
                    let piece = bytes[start..<min(start + size, bytes.count)]
                    return Array("\(String(piece.count, radix: 16))\r\n".utf8) + piece + Array("\r\n".utf8)
                }
                return [head] + chunks + [Array("0\r\n\r\n".utf8)]
            }
            let answer = try await Self.bytes(api, Self.head("/v1/messages", ["Connection: close"]), until: "0\r\n\r\n")
            let body = try #require(answer.firstRange(of: Array("\r\n\r\n".utf8))).upperBound
            #expect(Self.unchunked(Array(answer[body...])) == bytes, "\(size)")
            let head = String(decoding: answer[..<body], as: UTF8.self).lowercased()
            #expect(head.contains("content-type: text/event-stream; charset=utf-8"))
        }
    }

    private static func unchunked(_ bytes: [UInt8]) -> [UInt8] {
        var rest = bytes[...]
        var result: [UInt8] = []
        while let end = rest.firstIndex(of: 0x0D), let count = Int(String(decoding: rest[..<end], as: UTF8.self), radix: 16), count > 0 {
            result += rest[(end + 2)...].prefix(count)
            rest = rest[(end + 2)...].dropFirst(count + 2)
        }
        return result
    }

    // MARK: where it may go

    @Test(arguments: ["http://x/v1/messages", "x://h/v1/messages?a=b", "http://a@evil/v1/messages"])
    func aTargetThatNamesAHostChangesNoAddress(target: String) async throws {
        let api = try RawServer { _ in [Self.ok()] }
        let text = try await Self.exchange(api, Self.head(target, ["x-api-key: sk-mine"]), until: "{}")
        #expect(text.hasPrefix("HTTP/1.1 200"), "\(text)")
        #expect(api.requests.first?.requestLine.hasPrefix("POST /v1/messages") == true)
    }

    @Test(arguments: [
        ("/v1/messages/batches/b_1/results", true, true), ("/v1/files?limit=3", true, true), ("/v1/models/m", true, true), ("/v1/skills", true, true),
        ("/v1/organizations/users", true, false), ("/v1/messagesx", true, false), ("/v1/organizations/users", false, true),
        ("/v1/messages/../organizations", false, false), ("/v1/%2e%2E/x", false, false), ("/v1/files/a%2Fb", false, false), ("/v1/./x", false, false),
    ])
    func thePathsThatArePassedOn(target: String, usesOwnKey: Bool, isPassed: Bool) async throws {
        let api = try RawServer { _ in [Self.ok()] }
        let text = try await Self.exchange(
            api, Self.head(target, ["x-api-key: sk-mine"], method: "GET", length: nil), [], key: usesOwnKey ? "sk-ours" : nil, until: "}")
        #expect(text.hasPrefix(isPassed ? "HTTP/1.1 200" : "HTTP/1.1 404"), "\(text)")
        #expect(api.requests.first?.requestLine == (isPassed ? "GET \(target) HTTP/1.1" : nil))
        if isPassed { #expect(api.requests.first?.values("x-api-key") == [usesOwnKey ? "sk-ours" : "sk-mine"]) }
    }

    @Test func anAnswerToHeadHasNoBody() async throws {
        let api = try RawServer { _ in [Array("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nx-kept: 1\r\n\r\n".utf8)] }
        let text = try await Self.exchange(api, Self.head("/v1/files", [], method: "HEAD", length: nil), [], until: "\r\n\r\n")
        #expect(text.hasPrefix("HTTP/1.1 200") && text.lowercased().contains("x-kept: 1"))
        #expect(!text.lowercased().contains("transfer-encoding"), "\(text)")
    }

    /// The proxy's own token is for the proxy, whichever header it came in; the client's key beside it passes.
    @Test func theTokenIsNeverPassedOn() async throws {
        let api = try RawServer { _ in [Self.ok()] }
        let headers = ["\(ClientEnvironment.tokenHeader): s3cret", "x-anyclaude-cache: bypass", "x-api-key: sk-mine", "authorization: Bearer s3cret"]
        _ = try await Self.exchange(api, Self.head("/v1/messages", headers), token: "s3cret", until: "{}")
        let seen = try #require(api.requests.first)
        #expect(!seen.head.contains("s3cret") && !seen.head.lowercased().contains("x-anyclaude"), "\(seen.head)")
        #expect(seen.values("x-api-key") == ["sk-mine"])
    }
}
