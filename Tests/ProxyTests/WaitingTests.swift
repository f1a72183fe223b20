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

/// Requests that wait: for a place, for a service, for a server that takes nothing; and clients that leave meanwhile.
@Suite(.timeLimit(.minutes(10))) struct WaitingTests {
    private static let chat = "/v1/chat/completions"

    /// A server whose answers end when they are let, and that sees who leaves.
    final class Held: Sendable {
        fileprivate final class Visits: Sendable {
            private struct State {
                var left = 0
                var isOpen = false
                var texts: [String] = []
            }
            private let state = Mutex(State())

            func enter(_ text: String) { state.withLock { $0.texts.append(text) } }
            func open() { state.withLock { $0.isOpen = true } }
            var left: Int { state.withLock { $0.left } }
            var texts: [String] { state.withLock { $0.texts } }

            func wait() async throws {
                do {
                    while !state.withLock({ $0.isOpen }) { try await Task.sleep(for: .milliseconds(2)) }
                } catch {
                    state.withLock { $0.left += 1 }
                    throw error
                }
            }
        }
        private let visits = Visits()
        let server: ScriptedServer

        init(speaksFirst: Bool = false) throws {
            let visits = visits
            server = try ScriptedServer { seen in
                visits.enter(seen.body["messages"]?[0]?["content"]?.stringValue ?? "")
                guard speaksFirst else {
                    try await visits.wait()
                    return Worker.answer("hello")
                }
                return ServerSentEvents.response { writer in
                    try await writer.event(data: Worker.start)
                    try await writer.event(data: Worker.chunk(["content": "first"]))
                    try await visits.wait()
                    try await writer.event(data: Worker.chunk([:], finish: "stop"))
                }
            }
        }

        func open() { visits.open() }
        var entered: Int { visits.texts.count }
        var left: Int { visits.left }
        var texts: [String] { visits.texts }
    }

    private static func send(_ text: String, stream: Bool, to proxy: ProxyUnderTest, session: String? = nil) throws -> RawClient {
        let client = try RawClient(port: proxy.port)
        let body = ProxyUnderTest.request(text, ["stream": .bool(stream)]).text
        let header = session.map { "x-claude-code-session-id: \($0)\r\n" } ?? ""
        client.send("POST /v1/messages HTTP/1.1\r\nhost: x\r\n\(header)content-length: \(body.utf8.count)\r\n\r\n\(body)")
        return client
    }

    private static func backend(_ held: Held, concurrency: Int? = nil) -> ProxySettings.Backend {
        ChatUpstreamTests.url(held.server.base, dialect: "generic", concurrency: concurrency)
    }

    // MARK: leaving

    @Test(arguments: [(false, false), (true, false), (true, true)])
    func whoLeavesIsForgottenAtTheServer(stream: Bool, speaksFirst: Bool) async throws {
        let held = try Held(speaksFirst: speaksFirst)
        try await ProxyUnderTest.run(ProxyUnderTest.settings(Self.backend(held))) { (proxy) async throws in
            var client: RawClient? = try Self.send("hi", stream: stream, to: proxy)
            try await eventually { held.entered == 1 }
            if speaksFirst { _ = await client?.read(until: "first") }
            client = nil
            try await eventually { held.left == 1 && proxy.assembly.generations.running == 0 && proxy.assembly.gate.inFlight == 0 }
        }
    }

    @Test(arguments: [false, true])
    func whoLeavesIsForgottenAtTheAPIToo(speaksFirst: Bool) async throws {
        let held = try Held(speaksFirst: speaksFirst)
        try await ProxyUnderTest.run(ProxyUnderTest.settings(FailureTests.claude(held.server))) { (proxy) async throws in
            var client: RawClient? = try Self.send("hi", stream: true, to: proxy)
            try await eventually { held.entered == 1 }
            if speaksFirst { _ = await client?.read(until: "first") }
            client = nil
            try await eventually { held.left == 1 && proxy.assembly.gate.inFlight == 0 }
        }
    }

    @Test func whoLeavesTheQueueLeavesNothingBehind() async throws {
        let held = try Held()
        try await ProxyUnderTest.run(ProxyUnderTest.settings(Self.backend(held, concurrency: 1))) { (proxy) async throws in
            let first = try Self.send("first", stream: true, to: proxy)
            try await eventually { held.entered == 1 }
            var second: RawClient? = try Self.send("second", stream: true, to: proxy)
            try await eventually { proxy.assembly.upstreams.turnstiles.waiting == 1 }
            withExtendedLifetime(second) {}
            second = nil
            try await eventually { proxy.assembly.upstreams.turnstiles.waiting == 0 && proxy.assembly.gate.inFlight == 1 }
            held.open()
            #expect(await first.read(until: "message_stop\"}").contains("hello"))
            let third = try await proxy.post(ProxyUnderTest.request("third"))
            #expect(third.status == 200 && held.texts == ["first", "third"])
        }
    }

    // MARK: the queue

    @Test func aQueueIsBoundedAndItsPingsComeFromTheStart() async throws {
        let held = try Held()
        let settings = ProxyUnderTest.settings(Self.backend(held, concurrency: 1), limits: .init(pingMs: 20, maxQueue: 1))
        try await ProxyUnderTest.run(settings) { (proxy) async throws in
            let first = try Self.send("first", stream: true, to: proxy)
            try await eventually { held.entered == 1 }
            let second = try Self.send("second", stream: true, to: proxy)
            let head = await second.read(until: "event: ping\ndata: {\"type\":\"ping\"}\n\n")
            #expect(head.hasPrefix("HTTP/1.1 200") && head.contains(": waiting for a place at `w`"), "\(head)")
            #expect(held.entered == 1)
            let refused = try await proxy.post(ProxyUnderTest.request("third"))
            #expect(refused.status == 529 && refused.headers["retry-after"] == "5", "\(refused.text)")
            held.open()
            #expect(await second.read(until: "message_stop\"}").contains("hello"))
            withExtendedLifetime(first) {}
        }
    }

    @Test func sessionsTakeTurns() async throws {
        let held = try Held()
        try await ProxyUnderTest.run(ProxyUnderTest.settings(Self.backend(held, concurrency: 1))) { (proxy) async throws in
            var clients = [try Self.send("a0", stream: true, to: proxy, session: "a")]
            try await eventually { held.entered == 1 }
            for (number, name) in ["a1", "a2", "a3", "b1"].enumerated() {
                clients.append(try Self.send(name, stream: true, to: proxy, session: String(name.prefix(1))))
                try await eventually { proxy.assembly.upstreams.turnstiles.waiting == number + 1 }
            }
            held.open()
            for client in clients { #expect(await client.read(until: "message_stop\"}").contains("hello")) }
            #expect(held.texts == ["a0", "a1", "b1", "a2", "a3"])
        }
    }

    @Test func whoWaitsForTooLongIsToldWhatFor() async throws {
        let held = try Held()
        let settings = ProxyUnderTest.settings(Self.backend(held, concurrency: 1), limits: .init(holdTimeoutMs: 100))
        try await ProxyUnderTest.run(settings) { (proxy) async throws in
            let first = try Self.send("first", stream: true, to: proxy)
            try await eventually { held.entered == 1 }
            let answer = try await proxy.post(ProxyUnderTest.request("second"))
            #expect(answer.status == 529 && answer.text.contains("waited 100 ms for a place at `w`"), "\(answer.text)")
            #expect(answer.headers["retry-after"] != nil)
            withExtendedLifetime(first) {}
        }
    }

    // MARK: services

    /// The model's load is shown to whoever looks at the stream, and the time to the first byte begins when the worker has the request.
    @Test func aServiceThatStartsIsWaitedForWithItsProgress() async throws {
        let worker = try ScriptedServer { seen in
            seen.path == "/v1/capabilities" ? try Worker.capabilities() : Worker.answer("hello")
        }
        let supervisor = try FakeSupervisor { _, request in
            LeaseReply(id: request.id, state: .starting, message: "loading the weights: 40 %")
        }
        let settings = ProxyUnderTest.settings(ChatUpstreamTests.service(), limits: .init(firstByteTimeoutMs: 120_000, pingMs: 20))
        try await ProxyUnderTest.run(settings, lease: supervisor.theirs) { (proxy) async throws in
            let client = try Self.send("hi", stream: true, to: proxy)
            let head = await client.read(until: ": waiting for the service `w`: loading the weights: 40 %\n")
            #expect(head.contains("HTTP/1.1 200") && head.contains("loading the weights"), "\(head)")
            supervisor.send(LeaseReply(id: 1, state: .ready, endpoint: .tcp(host: "127.0.0.1", port: worker.port)))
            #expect(await client.read(until: "message_stop\"}").contains("hello"))
        }
    }

    @Test func aServiceThatDoesNotStartIsWaitedForSoLong() async throws {
        let supervisor = try FakeSupervisor { _, request in LeaseReply(id: request.id, state: .starting, message: "loading the weights: 40 %") }
        let settings = ProxyUnderTest.settings(ChatUpstreamTests.service(), limits: .init(pingMs: 20, holdTimeoutMs: 150))
        try await ProxyUnderTest.run(settings, lease: supervisor.theirs) { (proxy) async throws in
            let answer = try await proxy.post(ProxyUnderTest.request())
            #expect(answer.status == 529 && answer.headers["retry-after"] == "10", "\(answer.text)")
            #expect(answer.text.contains("waited 150 ms for the service `w`: loading the weights: 40 %"), "\(answer.text)")
            let stream = try await proxy.post(ProxyUnderTest.request("again", ["stream": true]))
            #expect(stream.text.contains("event: ping") && stream.text.contains("overloaded_error"), "\(stream.text)")
        }
    }

    /// Ready by the supervisor's word, and it takes nothing: each time that it is asked in vain is part of the same wait.
    @Test func aServiceThatIsReadyAndTakesNothingIsWaitedForSoLong() async throws {
        let worker = try ScriptedServer { seen in seen.path == "/v1/capabilities" ? try Worker.capabilities() : Worker.status(503) }
        let supervisor = try FakeSupervisor { _, request in
            LeaseReply(id: request.id, state: .ready, endpoint: .tcp(host: "127.0.0.1", port: worker.port))
        }
        let settings = ProxyUnderTest.settings(ChatUpstreamTests.service(), limits: .init(pingMs: 20, holdTimeoutMs: 1000))
        try await ProxyUnderTest.run(settings, lease: supervisor.theirs) { (proxy) async throws in
            let answer = try await proxy.post(ProxyUnderTest.request())
            #expect(answer.status == 529 && answer.text.contains("waited 1000 ms for the service `w`"), "\(answer.text)")
            #expect(worker.count(Self.chat) >= 1)
        }
    }

    @Test func pingsGoOnWhileAServerTakesNothing() async throws {
        let server = try FailureTests.failing(503, retryAfter: "1")
        let settings = ProxyUnderTest.settings(FailureTests.url(server), limits: .init(pingMs: 20))
        try await ProxyUnderTest.run(settings) { (proxy) async throws in
            let answer = try await proxy.post(ProxyUnderTest.request("hi", ["stream": true]))
            #expect(answer.text.contains("event: ping") && answer.text.contains("waiting for `w`, which takes no request"), "\(answer.text)")
            #expect(answer.text.contains("message_stop") && server.count(Self.chat) == 2)
        }
    }

    // MARK: rates

    @Test func aSessionThatAsksTooMuchIsToldWhen() async throws {
        let server = try ScriptedServer { _ in
            Worker.answer("hello", usage: ["prompt_tokens": 9900, "completion_tokens": 200, "prompt_tokens_details": ["cached_tokens": 50]])
        }
        let settings = ProxyUnderTest.settings(FailureTests.url(server), limits: .init(requestsPerMinute: 100, tokensPerMinute: 1000))
        try await ProxyUnderTest.run(settings) { (proxy) async throws in
            func ask(_ text: String, _ session: String) async throws -> ProxyUnderTest.Answer {
                try await proxy.post(ProxyUnderTest.request(text), headers: ["x-claude-code-session-id": session])
            }
            let first = try await ask("one", "s")
            #expect(first.status == 200 && first.headers["anthropic-ratelimit-requests-limit"] == "100")
            #expect(first.headers["anthropic-ratelimit-requests-remaining"] == "99" && first.headers["anthropic-ratelimit-tokens-limit"] == "1000")
            try await eventually { proxy.assembly.generations.isEmpty }
            let second = try await ask("two", "s")
            #expect(second.status == 429 && second.json["error"]?["type"] == "rate_limit_error", "\(second.text)")
            #expect(
                second.headers["retry-after"].flatMap { Int($0) }.map { (300...545).contains($0) } == true, "9051 tokens too many: \(second.headers)")
            #expect(try await ask("two", "other").status == 200)
        }
    }
}
