import AsyncHTTPClient
import Control
import Glibc
import Hummingbird
import JSON
import LaunchPlan
import Locking
import Messages
import NIOCore
import Serving
import Testing

@testable import Proxy

/// What becomes of a request whose backend fails: asked again, asked elsewhere, left alone.
@Suite(.timeLimit(.minutes(10))) struct FailureTests {
    static func url(_ server: ScriptedServer, _ name: String = "w") -> ProxySettings.Backend {
        ChatUpstreamTests.url(server.base, name: name, dialect: "generic")
    }
    static func claude(_ server: ScriptedServer) -> ProxySettings.Backend {
        .init(name: "claude", api: .anthropic, dialect: "generic", target: .url(base: "http://127.0.0.1:\(server.port)"))
    }
    private static let chat = "/v1/chat/completions"

    /// Answers with `statuses` one after the other, then well.
    static func failing(_ statuses: Int..., retryAfter: String? = nil) throws -> ScriptedServer {
        let left = Mutex(statuses)
        return try ScriptedServer { _ in
            guard let status = left.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) else { return Worker.answer("hello") }
            var response = Worker.status(status)
            if let retryAfter { response.headers.set("retry-after", retryAfter) }
            return response
        }
    }

    // MARK: again

    @Test(arguments: [([502], nil, 200, 2), ([503, 503], nil, 200, 3), ([503, 503, 503], nil, 529, 3), ([529], "0", 200, 2)])
    func whatWasNotTakenIsSentAgain(statuses: [Int], retryAfter: String?, status: Int, asked: Int) async throws {
        let left = Mutex(statuses)
        let server = try ScriptedServer { _ in
            guard let status = left.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) else { return Worker.answer("hello") }
            var response = Worker.status(status)
            if let retryAfter { response.headers.set("retry-after", retryAfter) }
            return response
        }
        try await ProxyUnderTest.run(ProxyUnderTest.settings(Self.url(server))) { (proxy) async throws in
            let answer = try await proxy.post(ProxyUnderTest.request())
            #expect(answer.status == status, "\(answer.text)")
            #expect(server.count(Self.chat) == asked)
            #expect(proxy.assembly.metrics.text.contains(#"anyclaude_upstream_retries_total{backend="w"} \#(asked - 1)"#))
        }
    }

    @Test(arguments: [(500, nil), (400, nil), (404, nil), (429, nil), (429, "60"), (504, nil)] as [(Int, String?)])
    func whatMayHaveBegunOrWouldFailAgainIsNot(status: Int, retryAfter: String?) async throws {
        let server = try Self.failing(status, retryAfter: retryAfter)
        try await ProxyUnderTest.run(ProxyUnderTest.settings(Self.url(server))) { (proxy) async throws in
            let answer = try await proxy.post(ProxyUnderTest.request())
            #expect(answer.status == status, "\(answer.text)")
            #expect(answer.headers["retry-after"] == retryAfter)
            #expect(server.count(Self.chat) == 1)
        }
    }

    /// llama-cpp-python finds out behind its stream's head that a prompt does not fit, and ends the stream; asked for a whole answer it says so.
    @Test(arguments: [true, false]) func aStreamThatSaysNothingIsAskedForWhole(refuses: Bool) async throws {
        let message =
            "This model's maximum context length is 2048 tokens. However, you requested 10448 tokens (10248 in the messages, 200 in the completion)."
        let server = try ScriptedServer { seen in
            guard seen.body["stream"] == false else { return ServerSentEvents.response { _ in } }
            guard refuses else { return Worker.answer("hello") }
            let body: JSON = ["error": ["message": .string(message), "code": "context_length_exceeded"]]
            return Response(status: .badRequest, body: .init(byteBuffer: ByteBuffer(bytes: body.bytes)))
        }
        try await ProxyUnderTest.run(ProxyUnderTest.settings(Self.url(server))) { (proxy) async throws in
            let answer = try await proxy.post(ProxyUnderTest.request())
            #expect(answer.status == (refuses ? 400 : 200), "\(answer.text)")
            #expect(answer.text.contains(refuses ? "prompt is too long: 10248 tokens > 2048 maximum" : "hello"), "\(answer.text)")
            #expect(server.count(Self.chat) == 2 && server.last(Self.chat)?.body["stream_options"] == nil)
        }
    }

    /// It closes each connection behind its answer without a word of that before, so the next question may be sent to one that is closed.
    @Test func theConnectionOfAStreamThatSaidNothingMayBeClosed() async throws {
        let server = try RawServer { seen in
            let isStream = String(decoding: seen.body, as: UTF8.self).contains(#""stream":true"#)
            let answer = #"{"choices":[{"index":0,"message":{"role":"assistant","content":"hello"},"finish_reason":"stop"}]}"#
            let head = "HTTP/1.1 200 OK\r\ncontent-type: "
            return [
                Array(
                    (isStream
                        ? head + "text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"
                        : head + "application/json\r\ncontent-length: \(answer.utf8.count)\r\n\r\n\(answer)").utf8)
            ]
        }
        let backend = ChatUpstreamTests.url("http://127.0.0.1:\(server.port)/v1", name: "w", dialect: "generic")
        try await ProxyUnderTest.run(ProxyUnderTest.settings(backend)) { (proxy) async throws in
            for number in 0..<20 {
                let answer = try await proxy.post(ProxyUnderTest.request("n\(number)"))
                #expect(answer.status == 200 && answer.text.contains("hello"), "\(answer.text)")
            }
        }
    }

    @Test func aServerThatNeverSaysAnythingIsAnError() async throws {
        let server = try ScriptedServer { _ in ServerSentEvents.response { _ in } }
        try await ProxyUnderTest.run(ProxyUnderTest.settings(Self.url(server))) { (proxy) async throws in
            let answer = try await proxy.post(ProxyUnderTest.request())
            #expect(answer.status == 500 && server.count(Self.chat) == 2, "\(answer.text)")
        }
    }

    @Test func anAnswerThatBeganIsNeverAskedForAgain() async throws {
        let server = try ScriptedServer { _ in
            ServerSentEvents.response { writer in
                try await writer.event(data: Worker.start)
                try await writer.event(data: Worker.chunk(["content": "half"]))
                throw CancellationError()
            }
        }
        let other = try Self.failing()
        try await ProxyUnderTest.run(ProxyUnderTest.settings(Self.url(server), fallback: [Self.url(other, "other")])) { (proxy) async throws in
            let answer = try await proxy.post(ProxyUnderTest.request("hi", ["stream": true]))
            #expect(answer.text.contains("half") && answer.text.contains("event: error") && !answer.text.contains("message_stop"))
            #expect(server.count(Self.chat) == 1 && other.count(Self.chat) == 0)
        }
    }

    /// It may have had the request: a second one could cost as much again.
    @Test func aRequestThatWasLostOnItsWayIsNotSentAgain() async throws {
        let (listener, port) = try ListeningSocket.bind(host: "127.0.0.1", port: 0)
        let accepted = Mutex(0)
        let accepting = Task.detached {
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else { return }
                accepted.withLock { $0 += 1 }
                var bytes = [UInt8](repeating: 0, count: 4096)
                _ = recv(connection, &bytes, bytes.count, 0)
                close(connection)
            }
        }
        let backend = ChatUpstreamTests.url("http://127.0.0.1:\(port)/v1", dialect: "generic")
        try await ProxyUnderTest.run(ProxyUnderTest.settings(backend)) { (proxy) async throws in
            let answer = try await proxy.post(ProxyUnderTest.request())
            #expect(answer.status == 500)
            #expect(accepted.withLock { $0 } == 1)
        }
        shutdown(listener, CInt(SHUT_RDWR))
        await accepting.value
        close(listener)
    }

    // MARK: elsewhere

    @Test(arguments: [false, true])
    func aBackendThatCannotBeReachedHasANext(stream: Bool) async throws {
        let other = try Self.failing()
        let settings = ProxyUnderTest.settings(
            ChatUpstreamTests.url("http://127.0.0.1:1/v1", dialect: "generic"), fallback: [Self.url(other, "other")])
        try await ProxyUnderTest.run(settings) { (proxy) async throws in
            let answer = try await proxy.post(ProxyUnderTest.request("hi", ["stream": .bool(stream)]))
            #expect(answer.status == 200 && answer.text.contains("hello"), "\(answer.text)")
            #expect(proxy.assembly.metrics.text.contains(#"anyclaude_upstream_fallbacks_total{from="w",to="other"} 1"#))
        }
    }

    @Test func aRequestThatIsWrongGoesNowhereElse() async throws {
        let server = try Self.failing(400), other = try Self.failing()
        try await ProxyUnderTest.run(ProxyUnderTest.settings(Self.url(server), fallback: [Self.url(other, "other")])) { (proxy) async throws in
            let answer = try await proxy.post(ProxyUnderTest.request())
            #expect(answer.status == 400)
            #expect(other.count(Self.chat) == 0)
        }
    }

    @Test func theLastFailureIsTheAnswer() async throws {
        let first = try Self.failing(500), second = try Self.failing(429, retryAfter: "33")
        try await ProxyUnderTest.run(ProxyUnderTest.settings(Self.url(first), fallback: [Self.url(second, "other")])) { (proxy) async throws in
            let answer = try await proxy.post(ProxyUnderTest.request())
            #expect(answer.status == 429 && answer.headers["retry-after"] == "33", "\(answer.text)")
        }
    }

    /// A server that takes longer than many pings to say that it cannot.
    private static func slow() throws -> ScriptedServer {
        try ScriptedServer { _ in
            try await Task.sleep(for: .milliseconds(500))
            return Worker.status(503)
        }
    }

    /// The head and pings are sent; then the first backend gives up, and the client hears one well-formed answer of the next.
    @Test(arguments: [false, true])
    func pingsAreFollowedByTheWordsOfAnother(passes: Bool) async throws {
        let slow = try Self.slow()
        let other = try ScriptedServer { _ in
            guard passes else { return Worker.answer("from another") }
            return ServerSentEvents.response { writer in
                for event in GenerationTests.words { try await writer.raw(ByteBuffer(bytes: event.bytes)) }
            }
        }
        let settings = ProxyUnderTest.settings(
            Self.url(slow), fallback: [passes ? Self.claude(other) : Self.url(other, "other")], limits: .init(pingMs: 20))
        try await ProxyUnderTest.run(settings) { (proxy) async throws in
            let answer = try await proxy.post(ProxyUnderTest.request("hi", ["stream": true]))
            #expect(answer.text.contains("event: ping") && !answer.text.contains("event: error"), "\(answer.text)")
            #expect(answer.text.components(separatedBy: "event: message_start").count == 2)
            #expect(answer.text.contains("event: message_stop") && answer.text.contains(passes ? "hi" : "from another"))
        }
    }

    @Test func pingsAreFollowedByTheErrorOfTheLast() async throws {
        let slow = try Self.slow()
        let busy = try ScriptedServer { _ in
            Answers.json(["type": "error", "error": ["type": "overloaded_error", "message": "full"]], status: .init(code: 529))
        }
        let settings = ProxyUnderTest.settings(Self.url(slow), fallback: [Self.claude(busy)], limits: .init(pingMs: 20))
        try await ProxyUnderTest.run(settings) { (proxy) async throws in
            let answer = try await proxy.post(ProxyUnderTest.request("hi", ["stream": true]))
            #expect(answer.text.components(separatedBy: "event: error").count == 2 && answer.text.contains("overloaded_error"), "\(answer.text)")
        }
    }

    @Test func whatPassesThroughFallsBackTooAndAloneSaysItAll() async throws {
        let api = try ScriptedServer { _ in
            Answers.json(["type": "error", "error": ["type": "overloaded_error", "message": "full up"]], status: .init(code: 529))
        }
        let other = try Self.failing()
        try await ProxyUnderTest.run(ProxyUnderTest.settings(Self.claude(api), fallback: [Self.url(other, "other")])) { (proxy) async throws in
            let answer = try await proxy.post(ProxyUnderTest.request())
            #expect(answer.text.contains("hello"))
        }
        try await ProxyUnderTest.run(ProxyUnderTest.settings(Self.claude(api))) { (proxy) async throws in
            let answer = try await proxy.post(ProxyUnderTest.request())
            #expect(answer.status == 529 && answer.json["error"]?["message"] == "full up")
        }
    }

    // MARK: left alone

    @Test func aBackendThatFailsIsLeftAlone() async throws {
        let server = try ScriptedServer { _ in Worker.status(500) }
        let settings = ProxyUnderTest.settings(Self.url(server), breaker: .init(failures: 2, openMs: 600_000, maxOpenMs: 600_000))
        try await ProxyUnderTest.run(settings) { (proxy) async throws in
            func ask(_ number: Int) async throws -> ProxyUnderTest.Answer { try await proxy.post(ProxyUnderTest.request("n\(number)")) }
            for number in 0..<2 { #expect(try await ask(number).status == 500) }
            for number in 2..<5 {
                let refused = try await ask(number)
                #expect(refused.status == 529 && refused.headers["retry-after"].flatMap { Int($0) } ?? 0 > 0 && refused.text.contains("left alone"))
            }
            #expect(server.count(Self.chat) == 2, "it gates")
            #expect(proxy.assembly.metrics.text.contains(#"anyclaude_upstream_breaker{backend="w"} 2"#))
        }
    }

    @Test func aBackendThatIsWellAgainIsAskedAgain() async throws {
        let isWell = Mutex(false)
        let server = try ScriptedServer { _ in isWell.withLock { $0 } ? Worker.answer("hello") : Worker.status(500) }
        let settings = ProxyUnderTest.settings(Self.url(server), breaker: .init(failures: 1, openMs: 50, maxOpenMs: 50))
        try await ProxyUnderTest.run(settings) { (proxy) async throws in
            func ask(_ number: Int) async throws -> ProxyUnderTest.Answer { try await proxy.post(ProxyUnderTest.request("n\(number)")) }
            #expect(try await ask(0).status == 500)
            // One request tries it, and fails.
            try await eventually { try await ask(1).status == 500 }
            isWell.withLock { $0 = true }
            try await eventually { try await ask(2).status == 200 }
            #expect(try await ask(3).status == 200)
            #expect(proxy.assembly.metrics.text.contains(#"anyclaude_upstream_breaker{backend="w"} 0"#))
        }
    }

    @Test func whileItIsLeftAloneTheNextIsAskedAtOnce() async throws {
        let server = try ScriptedServer { _ in Worker.status(500) }
        let other = try Self.failing()
        let settings = ProxyUnderTest.settings(
            Self.url(server), fallback: [Self.url(other, "other")], breaker: .init(failures: 1, openMs: 600_000, maxOpenMs: 600_000))
        try await ProxyUnderTest.run(settings) { (proxy) async throws in
            for number in 0..<5 {
                let answer = try await proxy.post(ProxyUnderTest.request("n\(number)"))
                #expect(answer.status == 200)
            }
            #expect(server.count(Self.chat) == 1 && other.count(Self.chat) == 5)
        }
    }

    @Test func silenceCountsAndALeavingClientDoesNot() async throws {
        let server = try ScriptedServer { _ in
            try await Task.sleep(for: .seconds(600))
            return Worker.status(500)
        }
        let settings = ProxyUnderTest.settings(
            Self.url(server), limits: .init(firstByteTimeoutMs: 100), breaker: .init(failures: 1, openMs: 600_000, maxOpenMs: 600_000))
        try await ProxyUnderTest.run(settings) { (proxy) async throws in
            // One that was given up says nothing.
            do { _ = try proxy.assembly.upstreams.health.admit("w") }
            _ = try proxy.assembly.upstreams.health.admit("w")
            #expect(try await proxy.post(ProxyUnderTest.request()).status == 504)
            try await eventually { (try? proxy.assembly.upstreams.health.admit("w")) == nil }
        }
    }
}
