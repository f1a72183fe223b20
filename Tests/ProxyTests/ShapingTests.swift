import Hummingbird
import JSON
import LaunchPlan
import Messages
import Testing

@testable import Proxy

/// What a backend's settings make of a request on its way.
@Suite(.timeLimit(.minutes(10))) struct ShapingTests {
    private static let tools: JSON = [
        ["name": "Bash", "description": "Runs a command. And more of it.", "input_schema": ["type": "object"]],
        ["name": "Skill", "description": "Uses a skill.", "input_schema": ["type": "object"]],
    ]
    private static let more: JSONObject = ["tools": tools, "system": "Be brief.", "thinking": ["type": "adaptive"]]

    private static func backend(_ base: String, _ dialect: String = "vllm") -> ProxySettings.Backend {
        var backend = ChatUpstreamTests.url(base, dialect: dialect)
        backend.shaping = .init(tools: ["bash"], stubs: true, noThinking: .slash)
        backend.sampling = .init(temperature: "0.7", topK: 20, minP: "0", repetitionPenalty: "1.05")
        return backend
    }

    @Test func theModelGetsTheShapedRequest() async throws {
        let server = try ScriptedServer { _ in Worker.answer("hello") }
        try await ProxyUnderTest.run(ProxyUnderTest.settings(Self.backend(server.base))) { proxy in
            #expect(try await proxy.post(ProxyUnderTest.request("hi", Self.more)).status == 200)
            let body = try #require(server.last("/v1/chat/completions")?.body)
            #expect(body["tools"]?.arrayValue?.count == 1)
            #expect(body["tools"]?[0]?["function"]?["description"] == "Runs a command.")
            #expect(body["messages"]?[0]?["content"] == "Be brief.\n\n/no_think")
            #expect(body["chat_template_kwargs"]?["enable_thinking"] == false)
            #expect(body["temperature"] == 0.7 && body["top_k"] == 20 && body["min_p"] == 0 && body["repetition_penalty"] == 1.05)
            let explained = try #require(proxy.assembly.upstreams.history.find("last").record?.shaping.arrayValue)
            #expect(explained.map { $0["part"] } == ["tools", "tool_descriptions", "prompt", "thinking"])
            #expect(explained[0]["removed"] == ["Skill"] && explained[0]["bytes_before"] != explained[0]["bytes_after"])
            let metrics = proxy.assembly.metrics.text
            #expect(metrics.contains("anyclaude_shaping_bytes_total{backend=\"w\",part=\"tools\",side=\"before\"}"), "\(metrics)")
        }
    }

    @Test func aClientThatSaysItIsHeard() async throws {
        let server = try ScriptedServer { _ in Worker.answer("hello") }
        try await ProxyUnderTest.run(ProxyUnderTest.settings(Self.backend(server.base, "llama-server"))) { proxy in
            #expect(try await proxy.post(ProxyUnderTest.request("hi", ["temperature": 0])).status == 200)
            let body = try #require(server.last("/v1/chat/completions")?.body)
            #expect(body["temperature"] == 0 && body["repeat_penalty"] == 1.05 && body["repetition_penalty"] == nil)
        }
    }

    @Test func whatAServerDoesNotKnowIsNotSent() async throws {
        let server = try ScriptedServer { _ in Worker.answer("hello") }
        try await ProxyUnderTest.run(ProxyUnderTest.settings(Self.backend(server.base, "generic"))) { proxy in
            #expect(try await proxy.post(ProxyUnderTest.request()).status == 200)
            let body = try #require(server.last("/v1/chat/completions")?.body)
            #expect(body["temperature"] == 0.7 && body["top_k"] == nil && body["min_p"] == nil && body["repetition_penalty"] == nil)
        }
    }

    /// An answer that is kept is one to the same shaped question with the same sampling.
    @Test func theKeyIsOfWhatTheModelGets() throws {
        func key(_ sampling: ProxySettings.Sampling?) throws -> RequestKey {
            var settings = ChatUpstreamTests.url("http://127.0.0.1:1/v1", dialect: "generic")
            settings.sampling = sampling
            return RequestKey(
                try MessagesRequest(ProxyUnderTest.request()), backend: try ResolvedBackend(settings, .generic, key: nil),
                asker: .init(credential: ""))
        }
        let plain = try key(nil)
        let cold = try key(.init(temperature: "0"))
        #expect(!plain.isDeterministic && cold.isDeterministic && plain.digest != cold.digest)
        #expect(try key(.init(temperature: "0", topP: "0.5")).digest != cold.digest)
    }

    @Test func aTextThatIsNoNumberIsRefused() {
        let sampling = ProxySettings.Sampling(topP: "much")
        #expect(throws: ProxyError.self) { try sampling.defaults(of: "w") }
    }
}
