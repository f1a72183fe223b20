import JSON
import LaunchPlan
import Messages
import Testing

@testable import Proxy

/// What the proxy checks of a request, and what of it reaches the other side.
@Suite(.timeLimit(.minutes(10))) struct RequestSideTests {
    private static func backend(_ base: String, dialect: String = "generic") -> ProxySettings.Backend {
        .init(name: "w", api: .openai, dialect: dialect, target: .url(base: base), model: "m")
    }

    /// Both versions and both headers of the credential, for answers and for counts.
    @Test(arguments: ["/v1/messages", "/v1/messages/count_tokens"]) func theVersionDecidesOnSampling(path: String) async throws {
        let worker = try ScriptedServer { seen in
            seen.path == "/tokenize" ? Answers.json(["count": 7, "max_model_len": 9, "tokens": []]) : Worker.answer("hello")
        }
        let settings = ProxyUnderTest.settings(Self.backend(worker.base, dialect: "vllm"), token: "t")
        try await ProxyUnderTest.run(settings, secrets: ["t": "s3cret"]) { proxy in
            for credential in [["x-api-key": "s3cret"], ["authorization": "Bearer s3cret"]] {
                for (version, status) in [("2023-06-01", 200), ("2026-10-21", 400)] {
                    let headers = credential.merging(["anthropic-version": version]) { first, _ in first }
                    let sampled = try await proxy.post(ProxyUnderTest.request("hi", ["temperature": 1]), to: path + "?beta=true", headers: headers)
                    #expect(sampled.status == status, "\(version): \(sampled.text)")
                    #expect(status == 200 || sampled.headers["x-should-retry"] == "false")
                    #expect(try await proxy.post(ProxyUnderTest.request(), to: path, headers: headers).status == 200)
                }
            }
        }
        // Sampling of the newer version comes from nobody but the configuration.
        #expect(path != "/v1/messages" || worker.last("/v1/chat/completions")?.body["temperature"] == nil)
    }

    @Test func vLLMCountsTheWholePrompt() async throws {
        let worker = try ScriptedServer { _ in Answers.json(["count": 42, "max_model_len": 4096, "tokens": [1, 2]]) }
        try await ProxyUnderTest.run(ProxyUnderTest.settings(Self.backend(worker.base, dialect: "vllm"))) { proxy in
            let body: JSONObject = ["system": "s", "tools": [["name": "f", "input_schema": [:]]], "max_tokens": nil]
            var request = try #require(ProxyUnderTest.request("hi", body).objectValue)
            request["max_tokens"] = nil
            let answer = try await proxy.post(.object(request), to: "/v1/messages/count_tokens")
            #expect(answer.json["input_tokens"] == 42, "\(answer.text)")
        }
        let body = worker.last("/tokenize")?.body
        #expect(body?["messages"]?[0]?["role"] == "system" && body?["tools"]?[0]?["function"]?["name"] == "f")
        #expect(body?["chat_template_kwargs"]?["enable_thinking"] == false && body?["model"] == "m")
    }

    @Test func theSettingsSayWhetherTheModelSees() throws {
        for (images, sees) in [(nil, true), (.described, false), (.sent, true)] as [(ProxySettings.Images?, Bool)] {
            var backend = Self.backend("http://127.0.0.1:1/v1", dialect: "llama-server")
            backend.images = images
            let table = try BackendTable(ProxyUnderTest.settings(backend), secrets: [:])
            #expect((table.defaultBackend?.dialect.images != nil) == sees)
            // Of what the server itself can read, nothing changes.
            #expect(table.defaultBackend?.dialect.images?.formats.contains("image/webp") != true)
        }
        var blind = Self.backend("http://127.0.0.1:1/v1", dialect: "mlx-lm")
        blind.images = .sent
        #expect(try BackendTable(ProxyUnderTest.settings(blind), secrets: [:]).defaultBackend?.dialect.images != nil)
    }

    @Test func whoCannotCountSaysSo() async throws {
        let worker = try ScriptedServer { _ in Worker.status(422) }
        try await ProxyUnderTest.run(ProxyUnderTest.settings(Self.backend(worker.base, dialect: "vllm"))) { proxy in
            let answer = try await proxy.post(ProxyUnderTest.request(), to: "/v1/messages/count_tokens")
            #expect(answer.status == 404 && answer.headers["x-should-retry"] == "false", "\(answer.text)")
        }
    }

    /// The API refuses a conversation for a signature that is not its own; all else passes as it came.
    @Test func ourThinkingDoesNotReachTheAPI() async throws {
        let api = try ScriptedServer { _ in Answers.json(["type": "message"]) }
        let ours: JSON = ["type": "thinking", "thinking": "hm", "signature": "anyclaude.v1.local"]
        let theirs: JSON = ["type": "thinking", "thinking": "hm", "signature": "EpQB"]
        let text: JSON = ["type": "text", "text": "about anyclaude.v1"]
        func request(_ blocks: [JSON]) -> JSON {
            [
                "model": "m", "max_tokens": 9, "z": 1.50,
                "messages": [
                    ["role": "user", "content": "a"], ["role": "assistant", "content": .array(blocks)], ["role": "user", "content": "b"],
                ],
            ]
        }
        let settings = ProxyUnderTest.settings(
            .init(name: "c", api: .anthropic, dialect: "generic", target: .url(base: "http://127.0.0.1:\(api.port)")))
        try await ProxyUnderTest.run(settings) { proxy in
            func passed(_ blocks: [JSON]) async throws -> JSON? {
                #expect(try await proxy.post(request(blocks), headers: ["x-api-key": "k"]).status == 200)
                return api.last("/v1/messages")?.body
            }
            #expect(try await passed([theirs, text]) == request([theirs, text]))
            #expect(try await passed([theirs, ours, text]) == request([theirs, text]))
            let emptied = try await passed([ours])?["messages"]?.arrayValue?.map { $0["content"]?.stringValue }
            #expect(emptied == ["a", "b"])
        }
    }
}
