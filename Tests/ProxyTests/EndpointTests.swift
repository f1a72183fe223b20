import Control
import Hummingbird
import JSON
import LaunchPlan
import Locking
import Messages
import NIOCore
import ServiceLifecycle
import Serving
import Testing

@testable import Proxy

/// The table of paths, tokens, limits, and what passes through.
@Suite(.timeLimit(.minutes(10))) struct EndpointTests {
    static func claude(_ base: String, key: String? = nil) -> ProxySettings.Backend {
        .init(name: "claude", api: .anthropic, dialect: "generic", target: .url(base: base), apiKey: key)
    }

    private func passed(
        _ headers: [String: String], token: String? = "s3cret", key: String? = nil
    ) async throws -> (answer: ProxyUnderTest.Answer, seen: [String: String]?) {
        let api = try ScriptedServer { _ in Answers.json(["type": "message"]) }
        let settings = ProxyUnderTest.settings(Self.claude("http://127.0.0.1:\(api.port)", key: key.map { _ in "k" }), token: token.map { _ in "t" })
        var secrets: [String: String] = [:]
        secrets["t"] = token
        secrets["k"] = key
        nonisolated(unsafe) var result: ProxyUnderTest.Answer?
        try await ProxyUnderTest.run(settings, secrets: secrets) { proxy in
            result = try await proxy.post(ProxyUnderTest.request(), headers: headers)
        }
        return (try #require(result), api.last("/v1/messages")?.headers)
    }

    @Test func theTokenHasAHeaderOfItsOwn() async throws {
        let (answer, seen) = try await passed([ClientEnvironment.tokenHeader: "s3cret", "x-api-key": "sk-mine"])
        #expect(answer.status == 200)
        #expect(seen?["x-api-key"] == "sk-mine" && seen?[ClientEnvironment.tokenHeader] == nil)
    }

    @Test(arguments: ["bearer s3cret", "BEARER s3cret", "Bearer s3cret"])
    func theTokenStaysHere(authorization: String) async throws {
        let both = try await passed(["authorization": authorization, "x-api-key": "sk-mine"])
        #expect(both.answer.status == 200 && both.seen?["authorization"] == nil && both.seen?["x-api-key"] == "sk-mine")
        let alone = try await passed(["authorization": authorization])
        #expect(alone.answer.status == 401 && alone.seen == nil)
        #expect(alone.answer.headers["x-should-retry"] == "false" && alone.answer.text.contains("backends.claude.apiKey"))
        let keyed = try await passed(["authorization": authorization], key: "sk-ours")
        #expect(keyed.answer.status == 200 && keyed.seen?["x-api-key"] == "sk-ours" && keyed.seen?["authorization"] == nil)
    }

    @Test func aWrongTokenIsRefused() async throws {
        #expect(try await passed(["x-api-key": "other"]).answer.status == 401)
        #expect(try await passed([:]).answer.status == 401)
    }

    @Test func thePlaceholderIsNoCredential() async throws {
        let (answer, seen) = try await passed(["authorization": "Bearer \(ClientEnvironment.placeholderToken)"], token: nil)
        #expect(answer.status == 401 && answer.headers["x-should-retry"] == "false" && seen == nil)
        // Without any credential the API itself says so.
        #expect(try await passed([:], token: nil).answer.status == 200)
    }

    @Test func whatPassesThroughTakesAPlace() async throws {
        let (gate, open) = AsyncStream<Void>.makeStream()
        let api = try ScriptedServer { _ in
            ServerSentEvents.response { writer in
                try await writer.event(data: Array("first".utf8))
                for await _ in gate {}
            }
        }
        let settings = ProxyUnderTest.settings(Self.claude("http://127.0.0.1:\(api.port)"), limits: .init(maxConcurrent: 1))
        try await ProxyUnderTest.run(settings) { proxy in
            let client = try RawClient(port: proxy.port)
            client.send("POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: 13\r\n\r\n{\"model\":\"m\"}")
            #expect(await client.read(until: "first").hasPrefix("HTTP/1.1 200"))
            #expect(proxy.assembly.gate.inFlight == 1)
            #expect(try await proxy.post(ProxyUnderTest.request()).status == 529)
            open.finish()
            try await eventually { proxy.assembly.gate.inFlight == 0 }
        }
    }

    @Test func aBodyIsReadWhereThereIsAPlace() async throws {
        let settings = ProxyUnderTest.settings(Self.claude("http://127.0.0.1:1"), limits: .init(maxConcurrent: 1))
        try await ProxyUnderTest.run(settings) { proxy in
            let permit = try proxy.assembly.gate.enter()
            let client = try RawClient(port: proxy.port)
            // The body never comes, and is not waited for.
            client.send("POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: 13\r\n\r\n")
            #expect(await client.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 529"))
            withExtendedLifetime(permit) {}
        }
    }

    @Test func aBodyMustEnd() async throws {
        try await ProxyUnderTest.run(ProxyUnderTest.settings(Self.claude("http://127.0.0.1:1")), bodyTimeout: .milliseconds(20)) { proxy in
            let client = try RawClient(port: proxy.port)
            client.send("POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: 13\r\n\r\n{")
            #expect(await client.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 504"))
            try await eventually { proxy.assembly.gate.inFlight == 0 }
        }
    }

    @Test func aMethodThatAPathHasNot() async throws {
        try await ProxyUnderTest.run(ProxyUnderTest.settings(CacheTests.backend("w").settings)) { proxy in
            let answer = try await proxy.get("/v1/messages")
            #expect(answer.status == 405 && answer.headers["allow"] == "POST" && answer.json["error"]?["type"] == "invalid_request_error")
            #expect(try await proxy.post([:], to: "/v1/models").status == 405)
            #expect(try await proxy.get("/v1/nothing").status == 404)
            #expect(try await proxy.get("/v1/models").status == 200)
        }
    }

    /// Not even to the API: what follows them on a connection is no HTTP.
    @Test(arguments: ["TRACE", "CONNECT"]) func aMethodThatIsAboutTheConnection(method: String) async throws {
        let api = try RawServer { _ in [Array("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".utf8)] }
        try await ProxyUnderTest.run(ProxyUnderTest.settings(Self.claude(api.base))) { proxy in
            let client = try RawClient(port: proxy.port)
            client.send("\(method) /v1/files HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nabc")
            #expect(await client.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 4"))
            #expect(api.requests.isEmpty)
        }
    }

    private struct FinishFails: ResponseBodyWriter {
        func write(_ buffer: ByteBuffer) async throws {}
        consuming func finish(_ trailingHeaders: HTTPFields?) async throws { throw CancellationError() }
    }

    @Test func anAnswerIsDeliveredWhenItsBytesAreWritten() async throws {
        try await ProxyUnderTest.run(ProxyUnderTest.settings(CacheTests.backend("w").settings)) { proxy in
            let generation = proxy.assembly.generations.unshared()
            generation.publish(GenerationTests.words)
            let delivery = Delivery(
                assembly: proxy.assembly, backend: CacheTests.backend("w"),
                source: .generation(.init(listener: generation.listen(), generation: generation, sharing: nil), "miss"), requestID: "r",
                permit: try proxy.assembly.gate.enter())
            let response = try await delivery.whole()
            await #expect(throws: CancellationError.self) { try await response.body.write(FinishFails()) }
            #expect(generation.wasDelivered)
        }
    }

    @Test func anAnswerThatOutlastsTheDrainEndsInWords() async throws {
        let worker = try ScriptedServer { _ in
            ServerSentEvents.response { writer in
                try await writer.event(data: Worker.chunk(["content": "begun"]))
                try await Task.sleep(for: .seconds(600))
            }
        }
        try await ProxyUnderTest.run(ProxyUnderTest.settings(ChatUpstreamTests.url(worker.base, dialect: "generic"))) { proxy in
            let (listener, port) = try ListeningSocket.bind(host: "127.0.0.1", port: 0)
            let server = HTTPService(listeners: [listener], responder: ProxyResponder(proxy.assembly, asksForToken: false), logger: quiet)
            let group = ServiceGroup(
                configuration: .init(
                    services: [.init(service: DrainingServer(server, proxy.assembly.generations, .milliseconds(20)))], logger: quiet))
            let running = Task { try await group.run() }
            let client = try RawClient(port: port)
            let body = ProxyUnderTest.request("hi", ["stream": true]).text
            client.send("POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)")
            _ = await client.read(until: "begun")
            await group.triggerGracefulShutdown()
            let rest = await client.read(until: "0\r\n\r\n")
            #expect(rest.contains("event: error") && rest.contains("overloaded_error"), "\(rest)")
            try await running.value
        }
    }

    @Test func anOpenPortNeedsAToken() async throws {
        let settings = try JSON(encoding: ProxyUnderTest.settings(CacheTests.backend("w").settings)).bytes
        let launch = try ProxyLaunch.alone(settings: settings, secrets: nil, host: "0.0.0.0", port: 0)
        let error = await #expect(throws: ProxyError.self) { try await Proxy.run(launch) }
        #expect(error?.hint?.contains("auth_token") == true)
    }
}
