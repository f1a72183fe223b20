import Hummingbird
import JSON
import LaunchPlan
import Locking
import Messages
import NIOCore
import Serving
import Testing

@testable import Proxy

/// Streams to clients of the chat-completions API: kept alive while they say nothing, and counted.
@Suite(.timeLimit(.minutes(10))) struct ChatStreamTests {
    private static let path = "/v1/chat/completions"

    private static func request(_ more: JSONObject = [:]) -> JSON {
        var body: JSONObject = ["model": "m", "stream": true, "messages": [["role": "user", "content": "hi"]]]
        for member in more.members { body[member.key] = member.value }
        return .object(body)
    }

    private static func backend(_ server: ScriptedServer, calls: ProxySettings.ToolCallDialect? = nil) -> ProxySettings.Backend {
        .init(name: "w", api: .openai, dialect: "generic", target: .url(base: server.base), model: "org/model", toolCallDialect: calls)
    }

    /// What a server waits for before it goes on.
    private final class Gate: Sendable {
        private let opening = Observed(false)
        func open() { opening.set(true) }
        func wait() async { if !opening.value { await opening.change(after: 0) } }
    }

    private static let usage: JSON = [
        "prompt_tokens": 40, "completion_tokens": 3, "prompt_tokens_details": ["cached_tokens": 30], "cost": 0.00125,
    ]

    /// - Parameter talk: reads what the proxy sends to a client of a slow server.
    private static func slow(
        _ answer: @escaping @Sendable (Gate) async throws -> Response, fallback: [ProxySettings.Backend] = [], _ more: JSONObject = [:],
        calls: ProxySettings.ToolCallDialect? = nil, _ talk: (RawClient, Gate, ProxyUnderTest) async throws -> Void
    ) async throws {
        let gate = Gate()
        let server = try ScriptedServer { _ in try await answer(gate) }
        let settings = ProxyUnderTest.settings(backend(server, calls: calls), fallback: fallback, limits: .init(pingMs: 20))
        try await ProxyUnderTest.run(settings) { proxy in
            // Whatever fails, nobody waits for ever.
            defer { gate.open() }
            let client = try RawClient(port: proxy.port)
            let body = request(more).text
            client.send("POST \(path) HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)")
            try await talk(client, gate, proxy)
        }
    }

    private static let comment = ": ping\n\n"

    @Test(arguments: [nil, ProxySettings.ToolCallDialect.qwenCoder]) func commentsComeBeforeTheServerSaysAnything(
        calls: ProxySettings.ToolCallDialect?
    ) async throws {
        try await Self.slow(
            { gate in
                await gate.wait()
                return Worker.answer("hello")
            }, calls: calls
        ) { client, gate, _ in
            let head = await client.read(until: Self.comment)
            #expect(head.hasPrefix("HTTP/1.1 200") && head.lowercased().contains("content-type: text/event-stream"), "\(head)")
            _ = await client.read(until: Self.comment)
            gate.open()
            let rest = await client.read(until: "[DONE]\n\n")
            #expect(rest.contains("hello") && rest.hasSuffix("[DONE]\n\n"), "\(rest)")
        }
    }

    @Test func commentsComeBetweenTwoEventsAndNeverInOne() async throws {
        try await Self.slow({ gate in
            ServerSentEvents.response { writer in
                let event = SSEWriter.event(data: Worker.chunk(["content": "one"]))
                try await writer.raw(ByteBuffer(bytes: event + Array("data: {\"choi".utf8)))
                await gate.wait()
                try await writer.raw(ByteBuffer(string: "ces\": []}\n\n"))
                try await writer.event(data: Worker.chunk(["content": "two"], finish: "stop"))
                try await writer.event(data: Array("[DONE]".utf8))
            }
        }) { client, gate, _ in
            _ = await client.read(until: "\"one\"")
            _ = await client.read(until: Self.comment)
            gate.open()
            let rest = await client.read(until: "[DONE]\n\n")
            #expect(rest.contains("data: {\"choices\": []}\n\n") && rest.contains("\"two\""), "\(rest)")
        }
    }

    /// The status was sent: what follows is said in the stream.
    @Test func anErrorBehindCommentsIsAnEvent() async throws {
        try await Self.slow({ gate in
            await gate.wait()
            return Worker.status(500)
        }) { client, gate, proxy in
            _ = await client.read(until: Self.comment)
            gate.open()
            let rest = await client.read(until: "0\r\n\r\n")
            #expect(rest.contains(#"data: {"error":{"message":"no""#) && !rest.contains("[DONE]"), "\(rest)")
            _ = try await proxy.metrics(with: #"anyclaude_proxy_requests_total{backend="w",status="500"} 1"#)
        }
    }

    /// To a client that was sent the head of a stream a whole answer is told as one.
    @Test func aWholeAnswerBehindCommentsIsAStream() async throws {
        try await Self.slow({ gate in
            await gate.wait()
            return Answers.json(["choices": [["index": 0, "message": ["role": "assistant", "content": "hello"], "finish_reason": "stop"]]])
        }) { client, gate, _ in
            _ = await client.read(until: Self.comment)
            gate.open()
            let rest = await client.read(until: "[DONE]\n\n")
            #expect(rest.contains(#""delta":{"content":"hello"}"#), "\(rest)")
        }
    }

    @Test func anotherBackendAnswersBehindComments() async throws {
        let other = try ScriptedServer { _ in Worker.answer("from the other") }
        var backend = Self.backend(other)
        backend.name = "other"
        try await Self.slow(
            { gate in
                await gate.wait()
                return Worker.status(503)
            }, fallback: [backend]
        ) { client, gate, _ in
            _ = await client.read(until: Self.comment)
            gate.open()
            #expect(await client.read(until: "[DONE]\n\n").contains("from the other"))
        }
    }

    @Test func whoLeavesStopsTheServer() async throws {
        let left = Mutex(false)
        let server = try ScriptedServer { _ in
            ServerSentEvents.response { writer in
                do {
                    while true {
                        try await writer.event(data: Worker.chunk(["content": "and on"]))
                        try await Task.sleep(for: .milliseconds(2))
                    }
                } catch {
                    left.withLock { $0 = true }
                    throw error
                }
            }
        }
        try await ProxyUnderTest.run(ProxyUnderTest.settings(Self.backend(server))) { proxy in
            var client: RawClient? = try RawClient(port: proxy.port)
            let body = Self.request().text
            client?.send("POST \(Self.path) HTTP/1.1\r\nhost: a\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)")
            _ = await client?.read(until: "and on")
            client = nil
            try await eventually { left.withLock { $0 } }
        }
    }

    // MARK: what is counted

    @Test func usageIsForTheClientThatAsksForItAndForTheLogInAnyCase() async throws {
        let server = try ScriptedServer { _ in Worker.answer("hello", usage: Self.usage) }
        let (lines, _) = try await RequestLogTests.logged(Self.backend(server), until: 3) { proxy in
            let plain = try await proxy.post(Self.request(), to: Self.path)
            #expect(plain.text.contains("hello") && plain.text.hasSuffix("[DONE]\n\n") && !plain.text.contains("usage"), "\(plain.text)")
            #expect(server.last(Self.path)?.body["stream_options"] == ["include_usage": true])
            let asked = try await proxy.post(Self.request(["stream_options": ["include_usage": true]]), to: Self.path)
            #expect(asked.text.contains(#""usage":{"prompt_tokens":40"#), "\(asked.text)")
            _ = try await proxy.post(ProxyUnderTest.request("hi", ["stream": true]))
            // The third one is a message's: both are counted alike.
            let text = try await proxy.metrics(with: #"anyclaude_proxy_tokens_total{backend="w",kind="output"} 9"#)
            #expect(text.contains(#"anyclaude_proxy_tokens_total{backend="w",kind="cache_read"} 90"#))
            #expect(text.contains(#"anyclaude_proxy_cost_dollars_total{backend="w"} 0.00375"#))
            #expect(text.contains(#"anyclaude_upstream_first_byte_seconds_count{backend="w"} 3"#))
        }
        for line in lines {
            #expect(line["tokens"] == ["input": 40, "output": 3, "cached": 30] && line["cost"]?.doubleValue == 0.00125, "\(line)")
            #expect(line["answered_by"]?.stringValue == "org/model" && line["outcome"]?.stringValue == "answered")
            #expect(line["first_word_ms"]?.doubleValue ?? 0 > 0)
        }
        #expect(lines.map { $0["stop_reason"]?.stringValue } == ["stop", "stop", "end_turn"])
    }

    @Test func wholeAnswersAndThoseToldAnewAreCountedToo() async throws {
        let whole: JSON = [
            "choices": [["index": 0, "message": ["role": "assistant", "content": "hello"], "finish_reason": "length"]], "usage": Self.usage,
        ]
        let server = try ScriptedServer { $0.body["stream"] == true ? Worker.answer("hello", usage: Self.usage) : Answers.json(whole) }
        for calls in [nil, ProxySettings.ToolCallDialect.qwenCoder] {
            let (lines, _) = try await RequestLogTests.logged(Self.backend(server, calls: calls), until: 2) { proxy in
                _ = try await proxy.post(Self.request(["stream": false]), to: Self.path)
                _ = try await proxy.post(Self.request(), to: Self.path)
                _ = try await proxy.metrics(with: #"anyclaude_proxy_tokens_total{backend="w",kind="output"} 6"#)
            }
            for line in lines {
                #expect(line["tokens"] == ["input": 40, "output": 3, "cached": 30] && line["cost"]?.doubleValue == 0.00125, "\(line)")
            }
            #expect(lines.first?["stop_reason"]?.stringValue == (calls == nil ? "length" : "stop"))
        }
    }

    @Test func whatFailsSaysSoInItsLine() async throws {
        let server = try ScriptedServer { seen in
            if seen.body["max_tokens"] == 1 { return Worker.status(500) }
            return ServerSentEvents.response { writer in
                try await writer.event(data: Worker.chunk(["content": "half"]))
                try await writer.event(data: (["error": ["message": "no room", "code": 503]] as JSON).bytes)
            }
        }
        let (lines, _) = try await RequestLogTests.logged(Self.backend(server), until: 2) { proxy in
            let refused = try await proxy.post(Self.request(["max_tokens": 1, "stream": false]), to: Self.path)
            let broken = try await proxy.post(Self.request(), to: Self.path)
            #expect(refused.status == 500 && broken.text.contains("no room"))
        }
        #expect(lines.map { $0["outcome"]?.stringValue } == ["error", "error"])
        #expect(lines.map { $0["error"]?.stringValue } == ["api_error", "overloaded_error"] && lines.allSatisfy { $0["tokens"] == nil })
    }

    /// A client that reads slowly holds the server up.
    @Test func whatNobodyReadsWaits() async throws {
        let sent = Mutex(0)
        let reader = ChatFeed.Reader { feed in
            for _ in 0..<64 {
                guard (try? await feed.put(ByteBuffer(repeating: 0x20, count: 64 << 10))) != nil else { return }
                sent.withLock { $0 += 1 }
            }
        }
        try await eventually { sent.withLock { $0 } == 4 }
        var taken = 0
        while case .item = try await reader.next(within: .seconds(500)) {
            taken += 1
            #expect(sent.withLock { $0 } <= taken + 5)
        }
        #expect(taken == 64)
    }
}
