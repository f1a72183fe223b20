import Messages
import Testing

@testable import anyclaude

@Suite struct ReplayTests {
    private static let caller = Caller(environment: [:], directory: "/", programs: "/")

    @Test(arguments: [
        ("http://127.0.0.1:8788", "127.0.0.1:8788"), ("http://host/", "host:80"), ("http://[::1]:9", "::1:9"), ("http://[::1]", "::1:80"),
    ])
    func addresses(url: String, host: String) throws { #expect(try MessagesTarget(url: url, caller: Self.caller).http.host == host) }

    @Test(arguments: ["https://a", "http://", "http://a/v1", "http://a:0", "http://a:x", "http://user@a", "a:1", "http://[]:1"])
    func whatIsNoAddress(url: String) { #expect(throws: CommandError.self) { try MessagesTarget(url: url, caller: Self.caller) } }

    @Test func aRequestHasWhatOpensTheServer() throws {
        var caller = Self.caller
        caller.environment["ANTHROPIC_AUTH_TOKEN"] = "t"
        let request = try MessagesTarget(url: "http://a", caller: caller).request("/v1/messages", [], headers: ["anthropic-version": "2026-10-21"])
        #expect(request.headers["authorization"] == "Bearer t" && request.headers["anthropic-version"] == "2026-10-21")
    }

    private static func exchange(method: String = "POST", cache: String? = "miss", wasLeft: Bool = false, isTruncated: Bool = false)
        -> RecordedExchange
    {
        RecordedExchange(
            id: "r", time: "", backend: nil, cache: cache, isTruncated: isTruncated, wasLeft: wasLeft,
            request: .init(method: method, target: "/v1/messages", headers: [], body: []), questions: [],
            response: .init(status: 200, headers: [], parts: []))
    }

    @Test func whatIsNotSentAgain() {
        let others = [
            Self.exchange(method: "GET"), Self.exchange(cache: "hit"), Self.exchange(cache: "join"), Self.exchange(wasLeft: true),
            Self.exchange(isTruncated: true),
        ]
        #expect(others.allSatisfy { Replay.reasonNotToSend($0) != nil })
        #expect([nil, "miss", "bypass"].allSatisfy { Replay.reasonNotToSend(Self.exchange(cache: $0)) == nil })
    }

    @Test func anOutcomeIsALine() throws {
        let shape = try AnswerShape(status: 200, body: Array(#"{"stop_reason":"end_turn","content":[{"type":"text","text":"hi"}]}"#.utf8))
        var outcome = Replay.Outcome(id: "req_1", target: "POST /v1/messages", shape: shape)
        outcome.elapsedMs = 1230
        #expect(outcome.line == "req_1  POST /v1/messages: 200 end_turn, text  1.23s" && outcome.json["same"]?.boolValue == true)
        outcome.skipped = "why"
        #expect(outcome.line == "req_1  POST /v1/messages: skipped, why" && outcome.json["same"] == nil)
    }
}
