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

/// Where a request goes, what it is told its backend, and where it can never go.
@Suite(.timeLimit(.minutes(10))) struct RequestRuleTests {
    private static let chat = "/v1/chat/completions"
    private static let session = ["x-claude-code-session-id": "s"]

    // MARK: routes

    @Test func aConversationStaysWithItsBackendWhileThatIsWell() async throws {
        let isIll = Mutex<String?>(nil)
        func server(_ name: String) throws -> ScriptedServer {
            try ScriptedServer { _ in isIll.withLock { $0 } == name ? Worker.status(500) : Worker.answer(name) }
        }
        let a = try server("a"), b = try server("b")
        var settings = ProxyUnderTest.settings(FailureTests.url(a, "a"), breaker: .init(failures: 1, openMs: 1, maxOpenMs: 1))
        settings.backends.append(FailureTests.url(b, "b"))
        settings.routes = [.init(model: nil, to: "a", weight: 1, split: [.init(to: "b", weight: 1)])]
        try await ProxyUnderTest.run(settings) { (proxy) async throws in
            func ask(_ session: String, _ text: String) async throws -> String {
                let headers = ["x-claude-code-session-id": session, "x-claude-code-agent-id": "1"]
                return try await proxy.post(ProxyUnderTest.request(text), headers: headers).json["content"]?[0]?["text"]?.stringValue ?? ""
            }
            var own: [String: String] = [:]
            for number in 0..<24 { own["s\(number)"] = try await ask("s\(number)", "first") }
            #expect(Set(own.values) == ["a", "b"])
            for (session, name) in own { #expect(try await ask(session, "second") == name) }
            isIll.withLock { $0 = "a" }
            for (session, _) in own { #expect(try await ask(session, "third") == "b") }
            isIll.withLock { $0 = nil }
            for (session, name) in own {
                // The breaker is open for a millisecond.
                try await eventually { try await ask(session, "again \(Int.random(in: 0..<1_000_000))") == name }
            }
        }
    }

    // MARK: side calls

    @Test func aSideCallIsMarkedForTheWorkerAndATurnIsNot() async throws {
        let worker = try ScriptedServer { seen in
            seen.path == "/v1/capabilities" ? try Worker.capabilities() : Worker.answer("hello")
        }
        try await ProxyUnderTest.run(ProxyUnderTest.settings(ChatUpstreamTests.url(worker.base))) { (proxy) async throws in
            func mark(_ text: String, _ more: JSONObject, headers: [String: String] = Self.session) async throws -> JSON? {
                _ = try await proxy.post(ProxyUnderTest.request(text, more), headers: headers)
                return worker.last(Self.chat)?.body["side_call"]
            }
            #expect(try await mark("title", [:]) == true)
            #expect(try await mark("turn", ["tools": [["name": "Bash", "input_schema": ["type": "object"]]]]) == nil)
            #expect(try await mark("another client", [:], headers: [:]) == nil)
            // A conversation without tools is one as soon as the model has spoken.
            let spoken: JSON = [["role": "user", "content": "a"], ["role": "assistant", "content": "b"], ["role": "user", "content": "c"]]
            #expect(try await mark("", ["messages": spoken]) == nil)
        }
        let other = try FailureTests.failing()
        try await ProxyUnderTest.run(ProxyUnderTest.settings(FailureTests.url(other))) { (proxy) async throws in
            _ = try await proxy.post(ProxyUnderTest.request(), headers: Self.session)
            #expect(other.last(Self.chat)?.body["side_call"] == nil, "a word of our own worker's")
        }
    }

    // MARK: the window

    @Test func anAnswerIsShortenedToWhatIsLeft() async throws {
        let server = try ScriptedServer { seen in
            let wanted = seen.body["max_tokens"]?.intValue ?? 0
            guard wanted + 900 > 1000 else { return Worker.answer("short") }
            let message =
                "This model's maximum context length is 1000 tokens. However, you requested \(wanted + 900) tokens (900 in the messages, \(wanted) in the completion)."
            return Answers.json(["error": ["message": .string(message), "type": "BadRequestError", "code": 400]], status: .badRequest)
        }
        try await ProxyUnderTest.run(ProxyUnderTest.settings(FailureTests.url(server))) { (proxy) async throws in
            let answer = try await proxy.post(ProxyUnderTest.request("hi", ["max_tokens": 500]))
            #expect(answer.status == 200, "\(answer.text)")
            #expect(server.last(Self.chat)?.body["max_tokens"] == 100 && server.count(Self.chat) == 2)
        }
    }

    @Test func aPromptThatCannotFitIsNotSent() async throws {
        let server = try ScriptedServer { seen in
            switch seen.path {
            case "/apply-template": return Answers.json(["prompt": "p"])
            case "/tokenize": return Answers.json(["tokens": .array(Array(repeating: 1, count: 700))])
            default: return Worker.answer("hello")
            }
        }
        let long = String(repeating: "word ", count: 400)
        func backend(_ window: Int) -> ProxySettings.Backend {
            .init(name: "w", api: .openai, dialect: "llama-server", target: .url(base: server.base), contextWindow: window)
        }
        try await ProxyUnderTest.run(ProxyUnderTest.settings(backend(600))) { (proxy) async throws in
            let answer = try await proxy.post(ProxyUnderTest.request(long))
            #expect(answer.status == 400 && answer.json["error"]?["message"] == "prompt is too long: 700 tokens > 600 maximum", "\(answer.text)")
            #expect(server.count(Self.chat) == 0)
        }
        try await ProxyUnderTest.run(ProxyUnderTest.settings(backend(1000))) { (proxy) async throws in
            #expect(try await proxy.post(ProxyUnderTest.request(long, ["max_tokens": 5000])).status == 200)
            #expect(server.last(Self.chat)?.body["max_tokens"] == 300)
            let counted = server.count("/tokenize")
            #expect(try await proxy.post(ProxyUnderTest.request("short")).status == 200)
            #expect(server.count("/tokenize") == counted, "a body with fewer bytes than the window has tokens fits")
        }
    }

    @Test(
        arguments: [
            ("native", nil, 4096), ("lmstudio", nil, 32_768), ("llama-server", nil, 2048), ("vllm", "m2", 40_960), ("openrouter", "m1", 200_000),
            ("generic", "unknown", nil),
        ] as [(String, String?, Int?)])
    func theWindowIsWhatTheServerSays(dialect: String, model: String?, window: Int?) async throws {
        let server = try ScriptedServer { seen in
            switch seen.path {
            case "/v1/capabilities": return try Worker.capabilities()
            case "/props": return Answers.json(["default_generation_settings": ["n_ctx": 2048]])
            case "/api/v0/models":
                return Answers.json([
                    "data": [
                        ["id": "a", "state": "not-loaded", "max_context_length": 1],
                        ["id": "b", "state": "loaded", "type": "llm", "max_context_length": 262_144, "loaded_context_length": 32_768],
                    ]
                ])
            case "/v1/models": return Answers.json(["data": [["id": "m1", "context_length": 200_000], ["id": "m2", "max_model_len": 40_960]]])
            default: return Worker.status(404)
            }
        }
        let backend = ChatUpstreamTests.url(server.base, dialect: dialect, model: model)
        try await ProxyUnderTest.run(ProxyUnderTest.settings(backend)) { (proxy) async throws in
            let asked = try proxy.assembly.backends.backend(for: .init(model: "m"))
            try await eventually { await proxy.assembly.upstreams.contextWindow(of: asked) == window }
            var settings = asked.settings
            settings.contextWindow = 77
            let planned = ResolvedBackend(settings: settings, dialect: asked.dialect, key: nil)
            #expect(await proxy.assembly.upstreams.contextWindow(of: planned) == 77, "the plan's word goes first")
        }
    }

    // MARK: safety

    /// A target in absolute form names a host of the client's own choice.
    @Test(arguments: ["http://127.0.0.1:@EVIL@/v1/other", "http://user@127.0.0.1:@EVIL@/v1/messages", "@127.0.0.1:@EVIL@/v1/x", ".evil/v1/x"])
    func noRequestReachesAnotherHost(target: String) async throws {
        let evil = try ScriptedServer { _ in Answers.json(["evil": true]) }
        let api = try ScriptedServer { _ in Answers.json(["type": "message"]) }
        try await ProxyUnderTest.run(ProxyUnderTest.settings(FailureTests.claude(api))) { (proxy) async throws in
            let client = try RawClient(port: proxy.port)
            let target = target.replacing("@EVIL@", with: "\(evil.port)")
            client.send("POST \(target) HTTP/1.1\r\nhost: 127.0.0.1:\(evil.port)\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}")
            let answer = await client.read(until: "\u{0}")
            #expect(!answer.contains("evil\":true"), "\(answer)")
            #expect(evil.count("/v1/other") == 0 && evil.count("/v1/messages") == 0 && evil.count("/v1/x") == 0)
        }
    }

    @Test func aRedirectionOfABackendIsNotFollowed() async throws {
        let other = try ScriptedServer { _ in Worker.answer("from elsewhere") }
        let server = try ScriptedServer { _ in
            var response = Response(status: .temporaryRedirect)
            response.headers[.location] = "http://127.0.0.1:\(other.port)/v1/chat/completions"
            return response
        }
        try await ProxyUnderTest.run(ProxyUnderTest.settings(FailureTests.url(server))) { (proxy) async throws in
            #expect(try await proxy.post(ProxyUnderTest.request()).status >= 400)
            #expect(other.count(Self.chat) == 0)
        }
    }

    @Test func theAddressOfAnImageIsNotAskedByTheProxy() async throws {
        let pictures = try ScriptedServer { _ in Answers.text("a picture") }
        let server = try FailureTests.failing()
        try await ProxyUnderTest.run(ProxyUnderTest.settings(FailureTests.url(server))) { (proxy) async throws in
            let image: JSON = ["type": "image", "source": ["type": "url", "url": .string("http://127.0.0.1:\(pictures.port)/i.png")]]
            let message: JSON = [["role": "user", "content": [image, ["type": "text", "text": "what is it?"]]]]
            _ = try await proxy.post(ProxyUnderTest.request("", ["messages": message]))
            #expect(pictures.count("/i.png") == 0)
        }
    }

    @Test func aHeadThatIsTooLongEndsItsConnection() async throws {
        try await ProxyUnderTest.run(ProxyUnderTest.settings(CacheTests.backend("w").settings)) { (proxy) async throws in
            let client = try RawClient(port: proxy.port)
            client.sendAsFarAsItGoes(
                "GET /health HTTP/1.1\r\nhost: x\r\n" + String(repeating: "x: " + String(repeating: "y", count: 1000) + "\r\n", count: 100))
            let answer = await client.read(until: "\u{0}")
            #expect(!answer.hasPrefix("HTTP/1.1 200"), "\(answer)")
            let one = try RawClient(port: proxy.port)
            one.sendAsFarAsItGoes("GET /health HTTP/1.1\r\nx: " + String(repeating: "y", count: 100_000))
            #expect(!(await one.read(until: "\u{0}")).hasPrefix("HTTP/1.1 200"))
        }
    }
}
