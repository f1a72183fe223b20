import Foundation
import JSON
import LaunchPlan
import NIOCore
import Testing

@testable import Proxy

/// Whole exchanges, without what opens anything.
@Suite(.timeLimit(.minutes(10))) struct CaptureTests {
    static func captured(
        _ backend: ProxySettings.Backend, token: String? = nil, _ body: (ProxyUnderTest) async throws -> Void
    ) async throws -> (exchange: JSON, text: String) {
        let folder = try RequestLogTests.Folder()
        var settings = ProxyUnderTest.settings(backend, token: token.map { _ in "t" })
        settings.capture = .init(directory: .absolute("\(folder.path)/c"))
        var secrets: [String: String] = [:]
        secrets["t"] = token
        secrets["k"] = "sk-of-the-backend"
        try await ProxyUnderTest.run(settings, secrets: secrets) { proxy in
            try await body(proxy)
            try await eventually { !folder.text("c/exchanges.jsonl").isEmpty }
        }
        let attributes = try ["c", "c/exchanges.jsonl"].map { try FileManager.default.attributesOfItem(atPath: "\(folder.path)/\($0)") }
        #expect(attributes.map { $0[.posixPermissions] as? Int } == [0o700, 0o600])
        return (try #require(folder.lines("c/exchanges.jsonl").first), folder.text("c/exchanges.jsonl"))
    }

    private static func text(_ parts: JSON?) -> String { (parts?.arrayValue ?? []).compactMap { $0[1]?.stringValue }.joined() }

    @Test func bothSidesOfAnExchange() async throws {
        let server = try ScriptedServer { _ in Worker.answer("hello to you") }
        let backend = ProxySettings.Backend(
            name: "b", api: .openai, dialect: "generic", target: .url(base: server.base), model: "real", apiKey: "k", contextWindow: 9000)
        let request = ProxyUnderTest.request("hello there", ["stream": true])
        nonisolated(unsafe) var answer = ""
        let (exchange, text) = try await Self.captured(backend, token: "s3cret-token") { proxy in
            answer = try await proxy.post(request, to: "/v1/messages?beta=true", headers: ["x-api-key": "s3cret-token", "x-app": "cli"]).text
        }
        #expect(exchange["format"]?.stringValue == "anyclaude.exchange" && exchange["version"]?.intValue == 1)
        #expect(exchange["request"]?["path"]?.stringValue == "/v1/messages?beta=true")
        #expect(exchange["request"]?["body"]?.stringValue == request.text)
        #expect(exchange["backend"]?["context_window"]?.intValue == 9000 && exchange["backend"]?["target"] == nil)
        let headers = exchange["request"]?["headers"]?.arrayValue ?? []
        #expect(headers.contains(["x-app", "cli"]) && headers.contains(["x-api-key", "[redacted]"]))
        #expect(Self.text(exchange["response"]?["parts"]) == answer && exchange["response"]?["status"]?.intValue == 200)
        let question = exchange["upstream"]?[0]
        #expect(question?["request"]?["body"]?.stringValue.flatMap { try? JSON(parsing: $0) }?["model"]?.stringValue == "real")
        #expect(question?["request"]?["headers"]?.arrayValue?.contains(["authorization", "[redacted]"]) == true)
        #expect(question?["response"]?["status"]?.intValue == 200 && question?["backend"]?.stringValue == "b")
        let answered = Self.text(question?["response"]?["parts"])
        #expect(answered.hasSuffix("data: [DONE]\n\n"))
        #expect(!text.contains("s3cret-token") && !text.contains("sk-of-the-backend"))
    }

    /// Servers name a key that they do not know in their error, and clients put keys into texts.
    @Test func whatIsQuotedIsHiddenToo() async throws {
        let server = try ScriptedServer { _ in
            Answers.json(["error": ["message": "Incorrect API key provided: sk-of-the-backend"]], status: .unauthorized)
        }
        let backend = ProxySettings.Backend(name: "b", api: .openai, dialect: "generic", target: .url(base: server.base), apiKey: "k")
        let (_, text) = try await Self.captured(backend) { proxy in
            let request = ProxyUnderTest.request("my key is sk-client-0001")
            // What is replayed is not captured again, and this one comes first.
            _ = try await proxy.post(ProxyUnderTest.request("replayed"), headers: [RequestTrace.replayHeader: "req_1"])
            _ = try await proxy.post(request, headers: ["authorization": "Bearer sk-client-0001"])
        }
        #expect(!text.contains("sk-of-the-backend") && !text.contains("sk-client-0001") && text.contains("my key is ****"))
        #expect(!text.contains("replayed"))
    }

    @Test func whatPassesThroughIsReadable() async throws {
        let api = try ScriptedServer { _ in Answers.json(["type": "message", "content": []]) }
        let (exchange, _) = try await Self.captured(EndpointTests.claude("http://127.0.0.1:\(api.port)")) { proxy in
            _ = try await proxy.post(ProxyUnderTest.request(), headers: ["x-api-key": "sk-mine-01", "accept-encoding": "gzip, br"])
        }
        #expect(api.last("/v1/messages")?.headers["accept-encoding"] == nil)
        let answered = Self.text(exchange["upstream"]?[0]?["response"]?["parts"])
        #expect(answered.contains("message"))
    }

    @Test(arguments: ["Authorization", "x-api-key", "Cookie", "x-goog-api-key", "x-amz-security-token", "x-anyclaude-token"])
    func namesOfCredentials(name: String) { #expect(Redaction.isCredential(name)) }

    @Test(arguments: ["content-type", "anthropic-version", "x-claude-code-session-id", "retry-after", "x-request-id"])
    func otherNames(name: String) { #expect(!Redaction.isCredential(name)) }

    @Test func whatIsHiddenKeepsItsPlace() {
        let redaction = Redaction([Array("sk-12345678".utf8), Array("a".utf8), []])
        #expect(redaction.text("a sk-12345678 b sk-12345678") == "a *********** b ***********")
        var bytes = CapturedBytes()
        for (time, text) in ["one sk-12", "345678 two"].enumerated() { bytes.add(ByteBuffer(string: text), at: time * 1000) }
        #expect(bytes.parts(redaction).map { String(decoding: $0.bytes, as: UTF8.self) } == ["one *****", "****** two"])
    }
}
