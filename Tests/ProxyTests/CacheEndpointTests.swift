import Hummingbird
import JSON
import LaunchPlan
import Locking
import Messages
import Testing

@testable import Proxy

/// What clients and the CLI are told of the caches, by a whole proxy.
@Suite(.timeLimit(.minutes(10))) struct CacheEndpointTests {
    /// A server that counts a token for every four bytes of a prompt.
    private static func worker() throws -> ScriptedServer {
        try ScriptedServer { seen in
            let tokens = (seen.body["messages"] ?? .null).bytes.count / 4
            return Worker.answer("hello", usage: ["prompt_tokens": .integer(tokens), "completion_tokens": 3])
        }
    }

    private static func settings(_ worker: ScriptedServer, token: String? = nil) -> ProxySettings {
        ProxyUnderTest.settings(
            .init(name: "b", api: .openai, dialect: "generic", target: .url(base: worker.base), model: "m"), token: token)
    }

    private static func body(_ system: String, _ more: JSONObject = [:]) -> JSON {
        var members: JSONObject = ["system": .string(String(repeating: system, count: 100)), "temperature": 0]
        for member in more.members { members[member.key] = member.value }
        return ProxyUnderTest.request("hi", members)
    }

    /// The `message` of a stream's first event.
    private static func start(_ answer: ProxyUnderTest.Answer) throws -> JSON {
        let line = try #require(answer.text.split(separator: "\n").first { $0.hasPrefix("data: {\"type\":\"message_start\"") })
        return try JSON(parsing: String(line.dropFirst(6)))["message"] ?? .null
    }

    @Test(arguments: [true, false])
    func aClientIsToldWhatItsPromptLost(streams: Bool) async throws {
        let worker = try Self.worker()
        try await ProxyUnderTest.run(Self.settings(worker)) { proxy in
            func ask(_ system: String, after previous: JSON?) async throws -> JSON {
                var more: JSONObject = ["stream": .bool(streams)]
                if let previous { more["diagnostics"] = ["previous_message_id": previous] }
                let answer = try await proxy.post(Self.body(system, more))
                #expect(answer.status == 200, "\(answer.text)")
                return streams ? try Self.start(answer) : answer.json
            }
            let plain = try await ask("a", after: nil)
            #expect(plain["diagnostics"] == nil && plain["id"] != nil)
            let first = try await ask("b", after: .null)
            #expect(first["diagnostics"] == .null && first.objectValue?.index(of: "diagnostics") != nil)
            try await eventually { proxy.assembly.upstreams.history.record(message: first["id"]?.stringValue ?? "")?.promptTokens != nil }
            let second = try await ask("c", after: first["id"])
            let reason = second["diagnostics"]?["cache_miss_reason"]
            #expect(reason?["type"] == "system_changed", "\(second)")
            #expect((reason?["cache_missed_input_tokens"]?.intValue ?? 0) > 10)
            let lost = try await ask("d", after: "msg_unknown")
            #expect(lost["diagnostics"]?["cache_miss_reason"]?["type"] == "previous_message_not_found")
        }
    }

    @Test func anAnswerIsNeverSharedBetweenCredentials() async throws {
        let worker = try Self.worker()
        try await ProxyUnderTest.run(Self.settings(worker)) { proxy in
            func ask(_ key: String?) async throws -> String? {
                try await proxy.post(Self.body("a"), headers: key.map { ["x-api-key": $0] } ?? [:]).headers["x-anyclaude-cache"]
            }
            #expect(try await ask("one") == "miss")
            try await eventually { (await proxy.assembly.responses.json())["entries"] == 1 }
            #expect(try await ask("one") == "hit")
            #expect(try await ask("two") == "miss")
            #expect(try await ask(nil) == "miss")
        }
        #expect(worker.count("/v1/chat/completions") == 3)
    }

    @Test func clearingForgetsAnswers() async throws {
        let worker = try Self.worker()
        try await ProxyUnderTest.run(Self.settings(worker, token: "t"), secrets: ["t": "secret"]) { proxy in
            let headers = ["x-api-key": "secret"]
            func ask() async throws -> String? { try await proxy.post(Self.body("a"), headers: headers).headers["x-anyclaude-cache"] }
            #expect(try await ask() == "miss")
            try await eventually { (await proxy.assembly.responses.json())["entries"] == 1 }
            #expect(try await ask() == "hit")
            let cleared = try await proxy.post([:], to: "/v1/anyclaude/cache/clear", headers: headers)
            #expect(cleared.status == 200 && cleared.json["responses"] == 1, "\(cleared.text)")
            #expect(try await ask() == "miss")
            let report = try await proxy.get("/v1/anyclaude/cache", headers: headers).json
            #expect(report["response"]?["hits"] == 1 && report["response"]?["misses"] == 2)
            #expect((report["response"]?["tokens_not_computed"]?.intValue ?? 0) > 3)
            #expect((report["response"]?["bytes_told_again"]?.intValue ?? 0) > 50)
        }
    }

    @Test func aPartIsCountedOnceForEachAsker() async throws {
        let fingerprint = Mutex("a")
        let worker = try ScriptedServer { seen in
            if seen.path == "/v1/capabilities" { return try Worker.capabilities(fingerprint.withLock { $0 }) }
            return Answers.json(try JSON(encoding: Native.TokenCount(count: 7, cached: 0)))
        }
        let backend = ProxySettings.Backend(name: "b", api: .openai, dialect: "native", target: .url(base: worker.base))
        try await ProxyUnderTest.run(ProxyUnderTest.settings(backend)) { proxy in
            func count(_ text: String, _ headers: [String: String] = [:]) async throws -> Int {
                let body: JSON = ["model": "m", "messages": [["role": "user", "content": .string(text)]]]
                let answer = try await proxy.post(body, to: "/v1/messages/count_tokens", headers: headers)
                #expect(answer.json == ["input_tokens": 7], "\(answer.text)")
                return worker.count("/v1/chat/tokenize")
            }
            #expect(try await [count("x"), count("x"), count("y")] == [1, 1, 2])
            #expect(try await [count("x", ["x-api-key": "k"]), count("x", ["cache-control": "no-store"])] == [3, 4])
            fingerprint.withLock { $0 = "b" }
            #expect(try await count("x") == 5, "another model counts anew")
            let report = try await proxy.get("/v1/anyclaude/cache").json["count"]
            #expect(report == ["hits": 1, "misses": 4])
        }
    }

    /// An explanation says what the backend's settings made of the request.
    @Test func shapingIsExplained() async throws {
        let worker = try Self.worker()
        var settings = Self.settings(worker, token: "t")
        settings.backends[0].shaping = .init(tools: ["Read"])
        let tool = { (name: String) -> JSON in ["name": .string(name), "input_schema": ["type": "object"]] }
        try await ProxyUnderTest.run(settings, secrets: ["t": "secret"]) { proxy in
            let headers = ["x-api-key": "secret"]
            let answer = try await proxy.post(Self.body("a", ["tools": [tool("Read"), tool("Write")]]), headers: headers)
            #expect(answer.status == 200, "\(answer.text)")
            let explanation = try await proxy.get("/v1/anyclaude/cache/explain", headers: headers).json
            #expect(explanation["shaping"]?[0]?["removed"] == ["Write"], "\(explanation.text)")
        }
    }

    /// The model cannot search, and the user is told why.
    @Test func toolsThatAreLeftOutAreSaidAndCounted() async throws {
        let worker = try Self.worker()
        let tools: JSON = [
            ["name": "Read", "input_schema": ["type": "object"]], ["type": "web_search_20250305", "name": "web_search"],
            ["type": "mcp_of_tomorrow", "name": "x"],
        ]
        try await ProxyUnderTest.run(Self.settings(worker, token: "t"), secrets: ["t": "secret"]) { proxy in
            let headers = ["x-api-key": "secret"]
            for system in ["a", "b"] { #expect(try await proxy.post(Self.body(system, ["tools": tools]), headers: headers).status == 200) }
            let explanation = try await proxy.get("/v1/anyclaude/cache/explain", headers: headers).json
            #expect(explanation["left_out"] == ["web_search_20250305", "mcp_of_tomorrow"], "\(explanation.text)")
            let metrics = proxy.assembly.metrics.text
            #expect(metrics.contains(#"anyclaude_tools_left_out_total{backend="b",tool="web_search"} 2"#), "\(metrics)")
            #expect(metrics.contains(#"anyclaude_tools_left_out_total{backend="b",tool="mcp"} 2"#))
            #expect(try await proxy.post(Self.body("c"), headers: headers).status == 200)
            #expect(try await proxy.get("/v1/anyclaude/cache/explain", headers: headers).json["left_out"] == nil)
        }
    }

    @Test func whatConcernsOthersNeedsAToken() async throws {
        let worker = try Self.worker()
        try await ProxyUnderTest.run(Self.settings(worker)) { proxy in
            #expect(try await proxy.post(Self.body("a")).status == 200)
            let refused = try await proxy.get("/v1/anyclaude/cache/explain")
            #expect(refused.status == 403 && refused.text.contains("anyclaude cache"), "\(refused.text)")
            #expect(try await proxy.post([:], to: "/v1/anyclaude/cache/clear").status == 403)
            #expect(try await proxy.get("/v1/anyclaude/cache").status == 200)
        }
        try await ProxyUnderTest.run(Self.settings(worker, token: "t"), secrets: ["t": "secret"]) { proxy in
            let headers = ["x-anyclaude-token": "secret"]
            #expect(try await proxy.get("/v1/anyclaude/cache/explain").status == 401)
            #expect(try await proxy.get("/v1/anyclaude/cache/explain", headers: headers).status == 404)
            let answer = try await proxy.post(Self.body("a"), headers: headers)
            let named = try await proxy.get("/v1/anyclaude/cache/explain?request=\(answer.headers["request-id"] ?? "")", headers: headers)
            #expect(named.status == 200 && named.json["result"] == "first", "\(named.text)")
            #expect(named.json["message"] == answer.json["id"])
            #expect(try await proxy.get("/v1/anyclaude/cache/explain?request=req_none", headers: headers).status == 404)
            #expect(try await proxy.get("/v1/anyclaude/cache/else", headers: headers).status == 404)
        }
    }
}
