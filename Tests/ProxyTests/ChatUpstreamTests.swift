import Control
import Hummingbird
import JSON
import LaunchPlan
import Locking
import Messages
import Serving
import Testing

@testable import Proxy

/// Proxies in front of workers that fail at the wrong moment.
@Suite(.timeLimit(.minutes(10))) struct ChatUpstreamTests {
    static func service(_ dialect: String = "native") -> ProxySettings.Backend {
        .init(name: "w", api: .openai, dialect: dialect, target: .service(name: "w"))
    }
    static func url(_ base: String, name: String = "w", dialect: String = "native", model: String? = nil, concurrency: Int? = nil)
        -> ProxySettings.Backend
    {
        .init(name: name, api: .openai, dialect: dialect, target: .url(base: base), model: model, concurrency: concurrency)
    }

    @Test func aWorkerThatLoadsIsWaitedFor() async throws {
        let asked = Mutex(0)
        let worker = try ScriptedServer { seen in
            guard seen.path == "/v1/capabilities" else { return Worker.answer("hello") }
            let number = asked.withLock { count in
                defer { count += 1 }
                return count
            }
            return number == 0 ? Worker.status(503) : try Worker.capabilities()
        }
        let supervisor = try FakeSupervisor { _, request in
            LeaseReply(id: request.id, state: .ready, endpoint: .tcp(host: "127.0.0.1", port: worker.port))
        }
        try await ProxyUnderTest.run(ProxyUnderTest.settings(Self.service()), lease: supervisor.theirs) { proxy in
            let answer = try await proxy.post(ProxyUnderTest.request())
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer.json["content"]?[0]?["text"] == "hello")
        }
        #expect(worker.count("/v1/capabilities") == 2)
    }

    @Test func whatTheSupervisorSaysAfterALossIsHeard() async throws {
        let worker = try ScriptedServer { _ in Worker.status(503) }
        let supervisor = try FakeSupervisor { number, request in
            number == 0
                ? LeaseReply(id: request.id, state: .ready, endpoint: .tcp(host: "127.0.0.1", port: worker.port))
                : LeaseReply(id: request.id, state: .failed, message: "out of memory")
        }
        try await ProxyUnderTest.run(ProxyUnderTest.settings(Self.service()), lease: supervisor.theirs) { proxy in
            let answer = try await proxy.post(ProxyUnderTest.request())
            #expect(answer.status == 529 && answer.text.contains("out of memory"), "\(answer.text)")
        }
    }

    @Test func aWorkerThatDiesInItsPrefillIsAskedAgain() async throws {
        let deaths = Mutex(1)
        let worker = try ScriptedServer { seen in
            guard seen.path == "/v1/chat/completions" else { return try Worker.capabilities() }
            let dies = deaths.withLock { count in
                defer { count -= 1 }
                return count > 0
            }
            return dies ? Worker.death() : Worker.answer("hello")
        }
        let supervisor = try FakeSupervisor { _, request in
            LeaseReply(id: request.id, state: .ready, endpoint: .tcp(host: "127.0.0.1", port: worker.port))
        }
        try await ProxyUnderTest.run(ProxyUnderTest.settings(Self.service()), lease: supervisor.theirs) { proxy in
            let answer = try await proxy.post(ProxyUnderTest.request("hi", ["stream": true]))
            #expect(answer.text.contains("event: message_stop"), "\(answer.text)")
            #expect(answer.text.components(separatedBy: "event: message_start").count == 2, "it began twice: \(answer.text)")
        }
        #expect(worker.count("/v1/chat/completions") == 2)
    }

    @Test func aQuietlyReplacedWorkerIsAskedAsItWants() async throws {
        let fingerprint = Mutex("a")
        let worker = try ScriptedServer { seen in
            let now = fingerprint.withLock { $0 }
            guard seen.path == "/v1/chat/completions" else { return try Worker.capabilities(now, inlineSystem: now == "a") }
            return Worker.answer("by \(now)", fingerprint: now)
        }
        let conversation: JSON = [
            "model": "m", "max_tokens": 9,
            "messages": [
                ["role": "user", "content": "one"], ["role": "assistant", "content": "two"], ["role": "system", "content": "three"],
                ["role": "user", "content": "four"],
            ],
        ]
        func roles() -> [String?] { worker.last("/v1/chat/completions")?.body["messages"]?.arrayValue?.map { $0["role"]?.stringValue } ?? [] }
        try await ProxyUnderTest.run(ProxyUnderTest.settings(Self.url(worker.base))) { proxy in
            #expect(try await proxy.post(conversation).status == 200)
            #expect(roles().contains("system"))
            fingerprint.withLock { $0 = "b" }
            let answer = try await proxy.post(conversation)
            #expect(answer.json["content"]?[0]?["text"] == "by b")
            #expect(!roles().contains("system"), "the new worker was asked as the old one wanted it")
        }
    }

    @Test func anAnswerIsKeptInTheNameOfItsModel() async throws {
        let fingerprint = Mutex("a")
        let worker = try ScriptedServer { seen in
            let now = fingerprint.withLock { $0 }
            guard seen.path == "/v1/chat/completions" else { return try Worker.capabilities(now) }
            return Worker.answer("by \(now)", fingerprint: now)
        }
        try await ProxyUnderTest.run(ProxyUnderTest.settings(Self.url(worker.base))) { proxy in
            func ask() async throws -> [String?] {
                let answer = try await proxy.post(ProxyUnderTest.request("hi", ["temperature": 0]))
                return [answer.json["content"]?[0]?["text"]?.stringValue, answer.headers["x-anyclaude-cache"]]
            }
            #expect(try await ask() == ["by a", "miss"])
            try await eventually { (await proxy.assembly.responses.json())["entries"] == 1 }
            #expect(try await ask() == ["by a", "hit"])
            fingerprint.withLock { $0 = "b" }
            #expect(try await ask() == ["by b", "miss"])
        }
    }

    @Test(arguments: [("generic", "m", true), ("native", nil, false)] as [(String, String?, Bool)])
    func whoseAnswerItIsMustBeSaid(dialect: String, model: String?, isKept: Bool) async throws {
        let worker = try ScriptedServer { seen in
            seen.path == "/v1/capabilities" ? try Worker.capabilities(nil) : Worker.answer("hello")
        }
        try await ProxyUnderTest.run(ProxyUnderTest.settings(Self.url(worker.base, dialect: dialect, model: model))) { proxy in
            #expect(try await proxy.post(ProxyUnderTest.request("hi", ["temperature": 0])).status == 200)
            try await eventually { proxy.assembly.generations.isEmpty }
            let entries = await proxy.assembly.responses.json()["entries"]
            #expect(entries == (isKept ? 1 : 0))
        }
    }

    @Test func aPrefixThatCouldNotBeGivenIsOfferedAgain() async throws {
        let uploads = Mutex(0)
        let worker = try ScriptedServer { seen in
            switch seen.path {
            case "/v1/capabilities": return try Worker.capabilities()
            case "/v1/chat/completions": return Worker.answer("hello")
            default:
                let number = uploads.withLock { count in
                    count += 1
                    return count
                }
                return number == 1 ? Worker.status(429) : Answers.json(["digest": "d", "tokens": 1])
            }
        }
        try await ProxyUnderTest.run(ProxyUnderTest.settings(Self.url(worker.base))) { proxy in
            let system = JSON.string(String(repeating: "a long system prompt ", count: 20))
            try await eventually {
                let answer = try await proxy.post(ProxyUnderTest.request("hi", ["system": system]))
                #expect(answer.status == 200)
                return worker.last("/v1/chat/completions")?.body["prefix"]?.stringValue != nil
            }
        }
        #expect(uploads.withLock { $0 } == 2)
    }

    @Test func aPrefixOnItsWayIsNotWaitedFor() async throws {
        let (gate, open) = AsyncStream<Void>.makeStream()
        let worker = try ScriptedServer { seen in
            switch seen.path {
            case "/v1/capabilities": return try Worker.capabilities()
            case "/v1/chat/completions": return Worker.answer("hello")
            default:
                for await _ in gate {}
                return Answers.json(["digest": "d", "tokens": 1])
            }
        }
        try await ProxyUnderTest.run(ProxyUnderTest.settings(Self.url(worker.base))) { proxy in
            let request = ProxyUnderTest.request("hi", ["system": .string(String(repeating: "a long system prompt ", count: 20))])
            for _ in 0..<3 {
                let answer = try await proxy.post(request)
                #expect(answer.status == 200)
            }
            #expect(worker.last("/v1/chat/completions")?.body["prefix"] == nil)
            open.finish()
        }
    }

    @Test func whoCountsDoesNotWaitLong() async throws {
        let supervisor = try FakeSupervisor { _, request in LeaseReply(id: request.id, state: .starting) }
        try await ProxyUnderTest.run(ProxyUnderTest.settings(Self.service()), lease: supervisor.theirs) { proxy in
            let backend = try proxy.assembly.backends.backend(for: .init(model: "m"))
            let counter = TokenCounter(
                upstreams: proxy.assembly.upstreams, backend: backend, request: try MessagesRequest(ProxyUnderTest.request(), isCount: true),
                patience: .milliseconds(10))
            let error = await #expect(throws: AnthropicError.self) { _ = try await counter.count() }
            #expect(error?.kind == .overloaded && error?.retryAfter == 5)
        }
    }

    @Test(
        arguments: [
            (["prompt_tokens": 3, "completion_tokens": 1], 0, 0), (["prompt_tokens": 3, "prompt_tokens_details": ["cached_tokens": 2]], 1, 3),
        ]
            as [(JSON, Int, Int)])
    func whatAServerDoesNotCountIsNoMiss(usage: JSON, hits: Int, prompt: Int) async throws {
        let worker = try ScriptedServer { _ in Worker.answer("hello", usage: usage) }
        try await ProxyUnderTest.run(ProxyUnderTest.settings(Self.url(worker.base, dialect: "generic"))) { proxy in
            #expect(try await proxy.post(ProxyUnderTest.request()).status == 200)
            try await eventually { proxy.assembly.generations.isEmpty }
            let kv = proxy.assembly.metrics.kv
            #expect(kv["hits"] == .integer(hits) && kv["misses"] == 0 && kv["prompt_tokens"] == .integer(prompt))
        }
    }

    @Test func errorsAreCountedUnderTheirBackend() async throws {
        try await ProxyUnderTest.run(ProxyUnderTest.settings(Self.url("http://127.0.0.1:1/v1", dialect: "generic"))) { proxy in
            let answer = try await proxy.post(ProxyUnderTest.request())
            #expect(answer.status == 500)
            #expect(proxy.assembly.metrics.text.contains(#"anyclaude_proxy_requests_total{backend="w",status="500"} 1"#))
        }
    }
}
