import Hummingbird
import JSON
import LaunchPlan
import Locking
import Messages
import Testing

@testable import Proxy

/// What is special to OpenRouter and LM Studio.
@Suite(.timeLimit(.minutes(10))) struct ServerKindTests {
    private static func router(_ base: String) -> ProxySettings.Backend {
        var backend = ChatUpstreamTests.url(base, dialect: "openrouter", model: "z-ai/glm-4.6")
        backend.extras = .init(
            provider: .init(order: ["a", "b"], allowFallbacks: false, zdr: true, dataCollection: .deny, sort: .latency), models: ["other/model"],
            siteURL: "https://example.org", siteTitle: "Mine", body: "{\"transforms\":[],\"usage\":{\"more\":1},\"model\":\"never\"}")
        return backend
    }

    @Test func openRouterIsToldWhatIsConfigured() async throws {
        let server = try ScriptedServer { _ in Worker.answer("hello", usage: ["prompt_tokens": 9, "completion_tokens": 1, "cost": 0.00125]) }
        try await ProxyUnderTest.run(ProxyUnderTest.settings(Self.router(server.base))) { proxy in
            let session = ["x-claude-code-session-id": "s-1"]
            let answer = try await proxy.post(ProxyUnderTest.request("hi", ["thinking": ["type": "adaptive"]]), headers: session)
            #expect(answer.headers["x-anyclaude-cost"] == "0.00125", "\(answer.headers)")
            let seen = try #require(server.last("/v1/chat/completions"))
            #expect(seen.headers["http-referer"] == "https://example.org" && seen.headers["x-title"] == "Mine")
            #expect(
                seen.body["provider"]
                    == ["order": ["a", "b"], "allow_fallbacks": false, "zdr": true, "data_collection": "deny", "sort": "latency"])
            #expect(seen.body["models"] == ["other/model"] && seen.body["model"] == "z-ai/glm-4.6" && seen.body["transforms"] == [])
            #expect(seen.body["usage"] == ["more": 1], "a configured object goes before the dialect's own")
            let name = try #require(seen.body["session_id"]?.stringValue)
            #expect(name.utf8.count == 32 && !name.contains("s-1"))
            // The conversation keeps its name; another one, and a sub-agent's, has its own.
            for (headers, isSame) in [
                (session, true), (["x-claude-code-session-id": "s-2"], false), (session.merging(["x-claude-code-agent-id": "a"]) { $1 }, false),
            ] {
                _ = try await proxy.post(ProxyUnderTest.request("again"), headers: headers)
                #expect((server.last("/v1/chat/completions")?.body["session_id"]?.stringValue == name) == isSame)
            }
            _ = try await proxy.post(ProxyUnderTest.request("nobody"))
            #expect(server.last("/v1/chat/completions")?.body["session_id"] == nil)
            _ = try await proxy.metrics(with: "anyclaude_proxy_cost_dollars_total{backend=\"w\"} 0.00")
        }
    }

    /// Where prompts may go is no matter of the API that a client speaks.
    @Test func whatIsConfiguredHoldsForClientsOfTheOtherAPI() async throws {
        let server = try ScriptedServer { _ in Worker.answer("hello") }
        var backend = Self.router(server.base)
        backend.sampling = .init(temperature: "0.5", topP: "0.9")
        try await ProxyUnderTest.run(ProxyUnderTest.settings(backend)) { proxy in
            let answer = try await proxy.post(ProxyUnderTest.request("hi", ["temperature": 1]), to: "/v1/chat/completions")
            #expect(answer.status == 200, "\(answer.text)")
            let seen = try #require(server.last("/v1/chat/completions"))
            #expect(seen.headers["http-referer"] == "https://example.org" && seen.headers["x-title"] == "Mine")
            #expect(seen.body["provider"]?["zdr"] == true && seen.body["provider"]?["data_collection"] == "deny")
            #expect(seen.body["models"] == ["other/model"] && seen.body["transforms"] == [] && seen.body["model"] == "z-ai/glm-4.6")
            #expect(seen.body["temperature"] == 1 && seen.body["top_p"] == 0.9, "\(seen.body.text)")
        }
    }

    @Test func othersAreToldNothingOfIt() async throws {
        let server = try ScriptedServer { _ in Worker.answer("hello") }
        try await ProxyUnderTest.run(ProxyUnderTest.settings(ChatUpstreamTests.url(server.base, dialect: "vllm"))) { proxy in
            let answer = try await proxy.post(ProxyUnderTest.request(), headers: ["x-claude-code-session-id": "s"])
            #expect(answer.headers["x-anyclaude-cost"] == nil)
            #expect(server.last("/v1/chat/completions")?.body["session_id"] == nil)
        }
    }

    @Test func aTextThatIsNoObjectIsRefused() {
        for body in ["", "[1]", "{"] {
            #expect(throws: ProxyError.self) { try ProxySettings.Extras(body: body).members(of: "w") }
        }
    }

    // MARK: LM Studio

    private static func studio(_ base: String, model: String? = "current-model") -> ProxySettings.Backend {
        var backend = ChatUpstreamTests.url(base, dialect: "lmstudio", model: model)
        backend.extras = .init(ttlSeconds: 3600)
        return backend
    }

    @Test(arguments: ["/api/v0/models", "/api/v1/models", "/v1/models"])
    func theLoadedModelIsAskedFor(path: String) async throws {
        let lists: [String: JSON] = [
            "/api/v0/models": [
                "data": [["id": "embed", "type": "embeddings", "state": "loaded"], ["id": "warm", "type": "llm", "state": "loaded"]]
            ],
            "/api/v1/models": ["models": [["type": "llm", "key": "x", "loaded_instances": [["id": "warm"]]]]],
            "/v1/models": ["data": [["id": "warm", "object": "model"]]],
        ]
        let server = try ScriptedServer { seen in
            if seen.path == path, let list = lists[path] { return Answers.json(list) }
            if seen.path == "/v1/chat/completions" { return Worker.answer("hello") }
            // As it answers paths that it does not have.
            return Answers.json(["error": "Unexpected endpoint or method."])
        }
        try await ProxyUnderTest.run(ProxyUnderTest.settings(Self.studio(server.base))) { proxy in
            #expect(try await proxy.post(ProxyUnderTest.request()).status == 200)
            let body = try #require(server.last("/v1/chat/completions")?.body)
            #expect(body["model"] == "warm" && body["ttl"] == 3600)
        }
    }

    @Test func whereNoneIsLoadedTheRemedyIsSaid() async throws {
        let server = try ScriptedServer { seen in
            seen.path == "/api/v0/models" ? Answers.json(["data": [["id": "cold", "type": "llm", "state": "not-loaded"]]]) : Worker.status(500)
        }
        try await ProxyUnderTest.run(ProxyUnderTest.settings(Self.studio(server.base))) { proxy in
            let answer = try await proxy.post(ProxyUnderTest.request())
            #expect(answer.status == 404 && answer.headers["x-should-retry"] == "false")
            #expect(answer.text.contains("cold") && answer.text.contains("backends.w.model"), "\(answer.text)")
        }
        #expect(server.count("/v1/chat/completions") == 0)
    }

    /// A model that is named is loaded by the request for it.
    @Test func aNamedModelIsAskedForAsItIs() async throws {
        let server = try ScriptedServer { seen in seen.path == "/v1/chat/completions" ? Worker.answer("hello") : Worker.status(500) }
        try await ProxyUnderTest.run(ProxyUnderTest.settings(Self.studio(server.base, model: "cold"))) { proxy in
            let answer = try await proxy.post(ProxyUnderTest.request())
            #expect(answer.status == 200)
            #expect(server.last("/v1/chat/completions")?.body["model"] == "cold")
        }
    }
}
