import JSON
import LaunchPlan
import Messages
import Testing

@testable import Proxy

/// The recorded servers: which answer a question gets, and what another proxy is made of.
@Suite struct RecordedAnswersTests {
    private static func question(
        _ body: JSON, _ answer: String, method: String = "POST", url: String = "http://host:8081/v1/chat/completions", backend: String? = "b"
    ) -> RecordedExchange.Question {
        .init(
            backend: backend, time: 0, request: .init(method: method, target: url, headers: [], body: body.bytes),
            response: .init(status: 200, headers: [], parts: [.init(time: 1, bytes: Array(answer.utf8))]), failure: nil)
    }

    private static func exchange(_ questions: [RecordedExchange.Question], cache: String? = "miss", wasLeft: Bool = false) -> RecordedExchange {
        .init(
            id: "r", time: "", backend: ["name": "b", "api": "openai", "dialect": "vllm", "context_window": 900], cache: cache, isTruncated: false,
            wasLeft: wasLeft, request: .init(method: "POST", target: "/v1/messages", headers: [], body: []), questions: questions,
            response: .init(status: 200, headers: [], parts: []))
    }

    private static func say(_ answers: inout RecordedAnswers, _ body: JSON, _ target: String = "/v1/chat/completions") -> String? {
        answers.answer("POST", target, body.bytes)?.response.map { String(decoding: $0.body, as: UTF8.self) }
    }

    @Test func theSameQuestionFindsItsAnswer() {
        var answers = RecordedAnswers([Self.exchange([Self.question(["a": 1, "b": 2], "one"), Self.question(["a": 3], "three")])], backend: "b")
        #expect(Self.say(&answers, ["a": 3]) == "three")
        // In whatever order its members are, and as often as it is asked.
        #expect(Self.say(&answers, ["b": 2, "a": 1]) == "one")
        #expect(Self.say(&answers, ["a": 1, "b": 2]) == "one")
        // Another one, where all have been had.
        #expect(Self.say(&answers, ["a": 4]) == nil)
    }

    @Test func anotherQuestionGetsTheNext() {
        var answers = RecordedAnswers(
            [Self.exchange([Self.question(["a": 1], "one"), Self.question(["a": 1], "again"), Self.question(["a": 2], "two")])], backend: nil)
        #expect(["new", "new", "a"].map { Self.say(&answers, [$0: 2]) } == ["one", "again", "two"])
        #expect(Self.say(&answers, [:], "/v1/other") == nil)
    }

    @Test func whatIsReadIsReadAgain() {
        let models = Self.question("", "models", method: "GET", url: "https://openrouter.ai/api/v1/models")
        var answers = RecordedAnswers([Self.exchange([models])], backend: "b")
        for _ in 0..<3 { #expect(answers.answer("GET", "/v1/models", []) != nil) }
    }

    @Test func onlyWhatIsReplayedIsAnswered() {
        let exchanges = [
            Self.exchange([Self.question(["a": 1], "left")], wasLeft: true), Self.exchange([Self.question(["a": 1], "joined")], cache: "join"),
            Self.exchange([Self.question(["a": 1], "other", backend: "c")]),
        ]
        var answers = RecordedAnswers(exchanges, backend: "b")
        #expect(Self.say(&answers, ["a": 1]) == nil)
    }

    @Test func aProxyIsMadeOfACapture() throws {
        let backend = try Proxy.chosen(nil, of: [Self.exchange([])], "f")
        let settings = try Proxy.replaySettings(backend, 99)
        #expect(settings.backends.first?.target == .url(base: "http://127.0.0.1:99/v1") && settings.backends.first?.contextWindow == 900)
        #expect(throws: ProxyError.self) { try Proxy.chosen("x", of: [Self.exchange([])], "f") }
        #expect(throws: ProxyError.self) { try Proxy.chosen(nil, of: [], "f") }
    }
}
