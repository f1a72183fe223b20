import Hummingbird
import JSON
import LaunchPlan
import Messages
import Serving
import Testing

@testable import Proxy

/// What is made of a large body is made on another thread than the connections': each kind of answer finds its way back to its client.
@Suite(.timeLimit(.minutes(10))) struct LargeBodyTests {
    private static let words = String(repeating: "many words ", count: 60_000)

    private static func run(_ body: (ProxyUnderTest, ScriptedServer) async throws -> Void) async throws {
        let worker = try ScriptedServer { seen in
            switch seen.path {
            case "/v1/capabilities": try Worker.capabilities()
            case "/v1/chat/tokenize": Answers.json(try JSON(encoding: Native.TokenCount(count: 7, cached: 0)))
            default: Worker.answer("Read it all.")
            }
        }
        let backend = ProxySettings.Backend(name: "b", api: .openai, dialect: "native", target: .url(base: worker.base))
        try await ProxyUnderTest.run(ProxyUnderTest.settings(backend)) { try await body($0, worker) }
    }

    @Test(arguments: [false, true]) func aMessage(streams: Bool) async throws {
        try await Self.run { proxy, worker in
            let answer = try await proxy.post(ProxyUnderTest.request(Self.words, ["stream": .bool(streams)]))
            #expect(answer.status == 200 && answer.text.contains("Read it all."), "\(answer.text)")
            #expect(streams == answer.text.hasSuffix("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"))
            #expect(worker.last("/v1/chat/completions")?.body["messages"]?[0]?["content"]?.stringValue == Self.words)
        }
    }

    @Test(arguments: [false, true]) func aChatCompletion(streams: Bool) async throws {
        try await Self.run { proxy, worker in
            let answer = try await proxy.post(ProxyUnderTest.request(Self.words, ["stream": .bool(streams)]), to: "/v1/chat/completions")
            #expect(answer.status == 200 && answer.text.contains("Read it all."), "\(answer.text)")
            #expect(worker.count("/v1/chat/completions") == 1)
        }
    }

    @Test func aCount() async throws {
        try await Self.run { proxy, _ in
            let answer = try await proxy.post(ProxyUnderTest.request(Self.words), to: "/v1/messages/count_tokens")
            #expect(answer.json == ["input_tokens": 7], "\(answer.text)")
        }
    }

    @Test func aFault() async throws {
        try await Self.run { proxy, worker in
            let answer = try await proxy.post(ProxyUnderTest.request(Self.words, ["max_tokens": "many"]))
            #expect(answer.status == 400 && answer.json["error"]?["type"] == "invalid_request_error", "\(answer.text)")
            #expect(worker.count("/v1/chat/completions") == 0)
        }
    }
}
