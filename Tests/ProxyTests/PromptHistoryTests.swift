import JSON
import Messages
import Testing

@testable import Proxy

@Suite struct PromptHistoryTests {
    private static let asker = RequestKey.Asker(credential: "key", session: "s")

    private static func outline(_ messages: [String], tools: [String] = ["a", "b"], system: [String] = ["s"], model: String = "m") -> PromptOutline {
        let tools = tools.map { name -> JSON in
            ["type": "function", "function": ["name": .string(name), "description": .string(String(repeating: name, count: 90))]]
        }
        let head = PromptOutline.Head(tools: tools, system: system, printsToolsFirst: false)
        let messages = messages.enumerated().map { index, text -> JSON in ["role": index % 2 == 0 ? "user" : "assistant", "content": .string(text)] }
        return PromptOutline(model: model, head: head, messages: messages, parameters: nil)
    }

    /// A history of one conversation, each request answered and counted at ten bytes a token.
    private static func history(_ outlines: [PromptOutline], asker: RequestKey.Asker = asker, counted: Bool = true) -> PromptHistory {
        let history = PromptHistory()
        for (index, outline) in outlines.enumerated() { add(outline, "\(index)", to: history, asker: asker, counted: counted) }
        return history
    }

    private static func add(
        _ outline: PromptOutline, _ name: String, to history: PromptHistory, asker: RequestKey.Asker = asker, backend: String = "b",
        counted: Bool = true
    ) {
        history.begin(
            outline, message: "msg_\(name)", origin: .init(request: "req_\(name)", asker: asker, shaping: [["part": "tools"]]), backend: backend,
            now: 1000)
        if counted { history.count(message: "msg_\(name)", prompt: outline.bytes / 10, cached: nil) }
    }

    private static func diagnosis(
        _ history: PromptHistory, of name: String, after previous: String?, asker: RequestKey.Asker = asker, found: Int? = nil
    ) -> JSON {
        let asked: JSON = ["previous_message_id": previous.map { .string("msg_\($0)") } ?? .null]
        return history.diagnostics(.init(asked: asked, asker: asker), message: "msg_\(name)", found: found)
    }

    @Test func anExtensionHasNothingToDiagnose() {
        let history = Self.history([Self.outline(["hi"]), Self.outline(["hi", "ho", "so"])])
        #expect(Self.diagnosis(history, of: "1", after: "0") == .null)
        #expect(Self.diagnosis(history, of: "1", after: nil) == .null)
        #expect(history.explanation(of: "last")?["result"] == "extends")
        #expect(history.explanation(of: "req_0")?["result"] == "first")
    }

    @Test(
        arguments: [
            (outline(["hi"], tools: ["a", "x", "b"]), "tools_changed"), (outline(["hi"], system: ["t"]), "system_changed"),
            (outline(["ho"]), "messages_changed"), (outline(["hi"], model: "n"), "model_changed"),
        ])
    func theReasonIsTheAPIs(_ later: PromptOutline, _ reason: String) throws {
        let first = Self.outline(["hi"])
        let history = Self.history([first, later])
        let diagnosis = Self.diagnosis(history, of: "1", after: "0")["cache_miss_reason"]
        #expect(diagnosis?["type"]?.stringValue == reason)
        let lost = try #require(diagnosis?["cache_missed_input_tokens"]?.intValue)
        let divergence = try #require(later.divergence(from: first))
        #expect(abs(lost - divergence.lostBytes / 10) <= 1, "\(lost) of \(divergence)")
        let explanation = try #require(history.explanation(of: "msg_1"))
        #expect(explanation["difference"]?["cache_miss_reason"]?.stringValue == reason)
        #expect(explanation["difference"]?["lost_tokens"] == .integer(lost))
        #expect(explanation["shaping"] == [["part": "tools"]])
    }

    /// Each earlier request is a mark: what the first one had in common is counted, not estimated.
    @Test func countsOfEarlierTurnsAreExact() throws {
        let turns = [["1"], ["1", "2", "3"], ["1", "2", "3", "4", "5"], ["1", "2", "3", "x", "5"]].map { Self.outline($0) }
        let history = Self.history(turns)
        let difference = try #require(history.explanation(of: "last")?["difference"])
        let shared = turns[1].bytes / 10
        #expect(difference["shared_tokens"] == .integer(shared))
        #expect(difference["shared_tokens_between"] == [.integer(shared), .integer(shared)])
        #expect(difference["lost_tokens"] == .integer(turns[2].bytes / 10 - shared))
        #expect(difference["place"] == "messages.3.content (assistant)")
    }

    /// Where the server found more than was thought to be common, that was not lost.
    @Test func whatTheServerFoundIsNotLost() throws {
        let (first, second) = (Self.outline(["hi"]), Self.outline(["ho"], system: ["t"]))
        let history = Self.history([first, second])
        let all = first.bytes / 10
        #expect(Self.diagnosis(history, of: "1", after: "0", found: all - 3)["cache_miss_reason"]?["cache_missed_input_tokens"] == 3)
    }

    @Test func whatWasNotCountedIsNotGuessed() {
        let history = Self.history([Self.outline(["hi"]), Self.outline(["ho"])], counted: false)
        #expect(Self.diagnosis(history, of: "1", after: "0") == ["cache_miss_reason": ["type": "unavailable"]])
        #expect(history.explanation(of: "last")?["difference"]?["lost_tokens"] == nil)
        #expect(history.explanation(of: "last")?["difference"]?["lost_bytes"] != nil)
    }

    @Test func othersRequestsAreNotFound() {
        let history = Self.history([Self.outline(["hi"])])
        let stranger = RequestKey.Asker(credential: "another", session: "s")
        Self.add(Self.outline(["ho"]), "1", to: history, asker: stranger)
        let missing: JSON = ["cache_miss_reason": ["type": "previous_message_not_found"]]
        #expect(Self.diagnosis(history, of: "1", after: "0", asker: stranger) == missing)
        #expect(Self.diagnosis(history, of: "1", after: "none", asker: stranger) == missing)
        #expect(history.explanation(of: "last")?["result"] == "first")
        #expect(history.explanation(of: "none") == nil)
    }

    /// A first request is compared with other sessions of the same client; a second one with its own.
    @Test func sessionsOfOneClientAreCompared() throws {
        let history = Self.history([Self.outline(["hi"]), Self.outline(["hi", "ho", "so"])])
        let other = RequestKey.Asker(credential: "key", session: "t")
        Self.add(Self.outline(["else"]), "2", to: history, asker: other)
        #expect(history.explanation(of: "last")?["difference"]?["section"] == "messages")
        #expect(history.explanation(of: "last")?["compared_with"]?["request"] == "req_1")
        Self.add(Self.outline(["else", "ho", "so"]), "3", to: history, asker: other)
        #expect(history.explanation(of: "last")?["compared_with"]?["request"] == "req_2")
        #expect(history.explanation(of: "last")?["result"] == "extends")
    }

    @Test func anotherServerHasComputedNothing() throws {
        let history = Self.history([Self.outline(["hi"])])
        Self.add(Self.outline(["hi"]), "0b", to: history, backend: "c")
        Self.add(Self.outline(["ho"]), "1", to: history, backend: "c")
        let moved = try #require(history.explanation(of: "msg_0b"))
        #expect(moved["difference"]?["section"] == "model")
        #expect(Self.diagnosis(history, of: "1", after: "0")["cache_miss_reason"]?["type"] == "model_changed")
    }

    @Test func sharedAndKeptAnswersAreNamed() {
        let history = Self.history([Self.outline(["hi"])])
        history.note(.shared(message: "msg_0"), request: "req_x")
        history.note(.kept, request: "req_y")
        #expect(history.explanation(of: "req_x")?["shares_answer_of"] == "req_0")
        #expect(history.explanation(of: "req_y")?["result"] == "kept")
    }

    @Test func theHistoryIsBounded() {
        let history = PromptHistory()
        for index in 0..<600 { Self.add(Self.outline(["\(index)"]), "\(index)", to: history) }
        #expect(history.explanation(of: "req_0") == nil && history.explanation(of: "req_599") != nil)
        let long = Self.outline((0..<40_000).map { "\($0)" })
        for index in 0..<8 { Self.add(long, "long\(index)", to: history) }
        #expect(history.explanation(of: "req_long0") == nil && history.explanation(of: "req_long7") != nil)
        history.clear()
        #expect(history.explanation(of: "last") == nil)
    }

    /// A prompt that is sent to a second server is remembered once, as it was sent there.
    @Test func aSecondAttemptTakesThePlaceOfTheFirst() {
        let history = Self.history([Self.outline(["hi"])])
        Self.add(Self.outline(["hi", "ho", "so"]), "1", to: history)
        Self.add(Self.outline(["hi", "ho", "so"], model: "n"), "1", to: history)
        #expect(history.explanation(of: "msg_1")?["model"] == "n")
        #expect(history.explanation(of: "msg_1")?["compared_with"]?["message"] == "msg_0")
    }
}
