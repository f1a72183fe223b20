import Control
import Hummingbird
import JSON
import LaunchPlan
import Locking
import Messages
import NIOCore
import Serving
import Testing

@testable import Proxy

/// Clients of the chat-completions API.
@Suite(.timeLimit(.minutes(10))) struct ChatEndpointTests {
    private static let path = "/v1/chat/completions"

    private static func request(_ more: JSONObject = [:]) -> JSON {
        var body: JSONObject = ["model": "claude-local-w", "messages": [["role": "user", "content": "hi"]]]
        for member in more.members { body[member.key] = member.value }
        return .object(body)
    }

    private static func backend(
        _ server: ScriptedServer, dialect: String = "generic", most: Int? = nil, window: Int? = nil,
        calls: ProxySettings.ToolCallDialect? = nil
    ) -> ProxySettings.Backend {
        .init(
            name: "w", api: .openai, dialect: dialect, target: .url(base: server.base), model: "org/model", contextWindow: window,
            maxOutputTokens: most, toolCallDialect: calls)
    }

    private func events(_ text: String) throws -> [JSON] {
        try text.components(separatedBy: "\n\n").compactMap { event in
            guard event.hasPrefix("data: "), !event.hasSuffix("[DONE]") else { return nil }
            return try JSON(parsing: String(event.dropFirst(6)))
        }
    }

    @Test func theRequestPassesWithItsModelAndLimitsPutRight() async throws {
        let answer: JSON = [
            "id": "x", "object": "chat.completion", "choices": [["index": 0, "message": ["role": "assistant", "content": "hello"]]],
        ]
        let server = try ScriptedServer { _ in Answers.json(answer) }
        try await ProxyUnderTest.run(ProxyUnderTest.settings(Self.backend(server, most: 100))) { proxy in
            let odd: JSONObject = ["seed": 7, "logit_bias": ["5": -1], "max_completion_tokens": 900, "of_the_future": ["a": 1]]
            let got = try await proxy.post(Self.request(odd), to: Self.path)
            #expect(got.status == 200 && got.json == answer, "\(got.text)")
            let seen = try #require(server.last(Self.path)?.body)
            #expect(seen["model"] == "org/model" && seen["max_completion_tokens"] == 100 && seen["seed"] == 7)
            #expect(seen["of_the_future"] == ["a": 1] && seen["logit_bias"] == ["5": -1] && seen["max_tokens"] == nil && seen["stream"] == nil)
            _ = try await proxy.post(Self.request(), to: Self.path)
            #expect(server.last(Self.path)?.body["max_tokens"] == 100)
            _ = try await proxy.metrics(with: #"anyclaude_proxy_requests_total{backend="w",status="200"} 2"#)
        }
    }

    @Test func aStreamPassesByteByByte() async throws {
        let server = try ScriptedServer { _ in Worker.answer("hello", usage: ["prompt_tokens": 3, "completion_tokens": 1]) }
        try await ProxyUnderTest.run(ProxyUnderTest.settings(Self.backend(server))) { proxy in
            let got = try await proxy.post(Self.request(["stream": true, "stream_options": ["include_usage": true]]), to: Self.path)
            let straight = try await proxy.client.send(.POST, server.base + "/chat/completions", key: nil, json: [:])
            let bytes = try await UpstreamClient.bytes(of: straight)
            // A machine that is slow hears a comment or two.
            let text = got.text.replacing(": ping\n\n", with: "")
            #expect(text == String(decoding: bytes, as: UTF8.self) && got.headers["content-type"]?.hasPrefix("text/event-stream") == true)
        }
    }

    /// Whatever the connection's end looks like, it is the server's fault, and it is counted there.
    @Test(arguments: [false, true]) func anAnswerThatBreaksOffIsTheServersFault(streams: Bool) async throws {
        let start = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        let server = try RawServer { _ in [Array((start + "no length\r\n").utf8)] }
        let backend = ProxySettings.Backend(
            name: "w", api: .openai, dialect: "generic", target: .url(base: "http://127.0.0.1:\(server.port)/v1"), model: "m",
            toolCallDialect: .qwenCoder)
        try await ProxyUnderTest.run(ProxyUnderTest.settings(backend)) { proxy in
            let answer = try await proxy.post(Self.request(["stream": .bool(streams)]), to: Self.path)
            #expect(answer.text.contains("the model's server broke off its answer"), "\(answer.text)")
            #expect(try await !proxy.metrics(with: #"backend="w""#).contains(#"backend="none""#))
        }
    }

    @Test func callsInTheTextReachThisClientToo() async throws {
        let call = "<tool_call>\n<function=f>\n<parameter=x>\n1\n</parameter>\n</function>\n</tool_call>"
        let server = try ScriptedServer { _ in Worker.answer("so\n" + call) }
        let tools: JSON = [
            ["type": "function", "function": ["name": "f", "parameters": ["type": "object", "properties": ["x": ["type": "integer"]]]]]
        ]
        try await ProxyUnderTest.run(ProxyUnderTest.settings(Self.backend(server, calls: .qwenCoder))) { proxy in
            let whole = try await proxy.post(Self.request(["tools": tools]), to: Self.path)
            let message = whole.json["choices"]?[0]?["message"]
            #expect(
                message?["content"] == "so" && message?["tool_calls"]?[0]?["function"] == ["name": "f", "arguments": "{\"x\": 1}"], "\(whole.text)")
            #expect(whole.json["choices"]?[0]?["finish_reason"] == "tool_calls" && whole.json["model"] == "claude-local-w")
            let stream = try await proxy.post(Self.request(["tools": tools, "stream": true]), to: Self.path)
            #expect(stream.text.hasSuffix("data: [DONE]\n\n"))
            let chunks = try events(stream.text)
            let arguments = chunks.compactMap { $0["choices"]?[0]?["delta"]?["tool_calls"]?[0]?["function"]?["arguments"]?.stringValue }
            #expect(arguments.joined() == "{\"x\": 1}")
            #expect(chunks.allSatisfy { $0["usage"] == nil }, "usage that nobody asked for: \(stream.text)")
            let counted = try await proxy.post(Self.request(["stream": true, "stream_options": ["include_usage": true]]), to: Self.path)
            #expect(try events(counted.text).last?["usage"] != nil)
        }
    }

    @Test func errorsHaveThisAPIsShape() async throws {
        let status = Mutex(429)
        let server = try ScriptedServer { _ in
            var answer = Worker.status(status.withLock { $0 })
            answer.headers.set("retry-after", "7")
            return answer
        }
        try await ProxyUnderTest.run(ProxyUnderTest.settings(Self.backend(server), token: "t"), secrets: ["t": "s3cret"]) { proxy in
            let token = ["authorization": "Bearer s3cret"]
            let busy = try await proxy.post(Self.request(), to: Self.path, headers: token)
            #expect(busy.status == 429 && busy.headers["retry-after"] == "7" && busy.json["error"]?["message"] == "no", "\(busy.text)")
            status.withLock { $0 = 500 }
            #expect(try await proxy.post(Self.request(), to: Self.path, headers: token).status == 500)
            let wrong = try await proxy.post(Self.request(["messages": 3]), to: Self.path, headers: token)
            #expect(wrong.status == 400 && wrong.json["error"]?["param"] == "messages")
            let stranger = try await proxy.post(Self.request(), to: Self.path)
            #expect(stranger.status == 401 && stranger.json["error"]?["code"] == "invalid_api_key" && stranger.json["type"] == nil)
        }
        try await ProxyUnderTest.run(
            ProxyUnderTest.settings(.init(name: "w", api: .openai, dialect: "generic", target: .url(base: "http://127.0.0.1:1/v1")))
        ) { proxy in
            let lost = try await proxy.post(Self.request(), to: Self.path)
            #expect(lost.status == 500 && lost.json["error"]?["type"] == "server_error")
        }
    }

    @Test func aServiceThatStartsIsWaitedFor() async throws {
        let asked = Mutex(0)
        let worker = try ScriptedServer { _ in
            let number = asked.withLock { count in
                count += 1
                return count
            }
            return number == 1 ? Worker.status(503) : Worker.answer("hello")
        }
        let supervisor = try FakeSupervisor { _, request in
            LeaseReply(id: request.id, state: .ready, endpoint: .tcp(host: "127.0.0.1", port: worker.port))
        }
        let backend = ProxySettings.Backend(name: "w", api: .openai, dialect: "native", target: .service(name: "w"))
        try await ProxyUnderTest.run(ProxyUnderTest.settings(backend), lease: supervisor.theirs) { proxy in
            let got = try await proxy.post(Self.request(["stream": true]), to: Self.path)
            #expect(got.status == 200 && got.text.contains("hello"))
        }
        #expect(asked.withLock { $0 } == 2)
    }

    // MARK: the Messages API behind it

    private static func claude(_ server: ScriptedServer) -> ProxySettings.Backend {
        .init(name: "claude", api: .anthropic, dialect: "generic", target: .url(base: "http://127.0.0.1:\(server.port)"), apiKey: "k")
    }

    private static func message(_ events: [MessageEvent]) -> Response {
        ServerSentEvents.response { writer in for event in events { try await writer.raw(ByteBuffer(bytes: event.bytes)) } }
    }

    @Test func aBackendOfTheMessagesAPIIsAskedInItsOwn() async throws {
        let api = try ScriptedServer { _ in
            Self.message([
                .messageStart(id: "msg_1", model: "c", usage: MessageUsage(input: 9)), .ping, .blockStart(index: 0, .text),
                .blockDelta(index: 0, .text("hel")), .blockDelta(index: 0, .text("lo")), .blockStop(index: 0),
                .messageDelta(stop: .endTurn, stopSequence: nil, usage: MessageUsage(input: 9, output: 2)), .messageStop,
            ])
        }
        try await ProxyUnderTest.run(ProxyUnderTest.settings(Self.claude(api)), secrets: ["k": "sk-ours"]) { proxy in
            let request = Self.request(["model": "claude-x", "messages": [["role": "system", "content": "s"], ["role": "user", "content": "hi"]]])
            let whole = try await proxy.post(request, to: Self.path, headers: ["authorization": "Bearer mine"])
            #expect(whole.status == 200 && whole.json["choices"]?[0]?["message"]?["content"] == "hello", "\(whole.text)")
            #expect(whole.json["usage"]?["total_tokens"] == 11 && whole.json["object"] == "chat.completion")
            let seen = try #require(api.last("/v1/messages"))
            #expect(seen.body["model"] == "claude-x" && seen.body["system"] == "s" && seen.body["max_tokens"] == 8192)
            #expect(
                seen.headers["x-api-key"] == "sk-ours" && seen.headers["authorization"] == nil && seen.headers["anthropic-version"] == "2023-06-01")
            let stream = try await proxy.post(Self.request(["model": "claude-x", "stream": true]), to: Self.path)
            #expect(stream.text.contains(": ping\n\n") && stream.text.hasSuffix("data: [DONE]\n\n"))
            #expect(try events(stream.text).compactMap { $0["choices"]?[0]?["delta"]?["content"]?.stringValue }.joined() == "hello")
        }
    }

    @Test func itsErrorsAreToldInThisAPIsWords() async throws {
        let status = Mutex(529)
        let api = try ScriptedServer { _ in
            let code = status.withLock { $0 }
            guard code != 200 else {
                return Self.message([.messageStart(id: "m", model: "c", usage: MessageUsage()), .error(AnthropicError(.overloaded, "busy"))])
            }
            var answer = Answers.error(
                AnthropicError(code == 529 ? .overloaded : .invalidRequest, "prompt is too long: 9 tokens > 8 maximum"), requestID: "r")
            answer.headers.set("retry-after", "4")
            return answer
        }
        try await ProxyUnderTest.run(ProxyUnderTest.settings(Self.claude(api)), secrets: ["k": "sk-ours"]) { proxy in
            let busy = try await proxy.post(Self.request(), to: Self.path)
            #expect(busy.status == 503 && busy.headers["retry-after"] == "4", "\(busy.text)")
            status.withLock { $0 = 400 }
            let long = try await proxy.post(Self.request(), to: Self.path)
            #expect(long.status == 400 && long.json["error"]?["code"] == "context_length_exceeded")
            status.withLock { $0 = 200 }
            let whole = try await proxy.post(Self.request(), to: Self.path)
            #expect(whole.status == 503 && whole.json["error"]?["message"] == "busy")
            let stream = try await proxy.post(Self.request(["stream": true]), to: Self.path)
            #expect(
                stream.status == 200 && stream.text.contains(#"data: {"error":{"message":"busy""#) && !stream.text.contains("[DONE]"),
                "\(stream.text)")
        }
    }

    // MARK: models

    @Test func modelsAreListedForBothAPIs() async throws {
        let worker = try ScriptedServer { _ in try Worker.capabilities() }
        let backend = ProxySettings.Backend(name: "w", api: .openai, dialect: "native", target: .url(base: worker.base), model: "m")
        try await ProxyUnderTest.run(ProxyUnderTest.settings(backend)) { proxy in
            let list = try await proxy.get("/v1/models?limit=1000").json
            #expect(list["object"] == "list" && list["has_more"] == false && list["first_id"] == "claude-local-w")
            // What the worker itself says.
            #expect(list["data"]?[0]?["max_input_tokens"] == 4096)
            let one = try await proxy.get("/v1/models/claude-local-w")
            #expect(one.json["object"] == "model" && one.json["type"] == "model" && one.json["id"] == "claude-local-w")
            #expect(try await proxy.get("/v1/models?limit=x").status == 400)
            #expect(try await proxy.get("/v1/models/none").status == 404)
            #expect(try await proxy.get(Self.path).status == 405)
        }
    }
}
