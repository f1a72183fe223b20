import JSON
import Testing

@testable import Messages

/// What a server said of its reasoning is in the next request as it was, whatever became of the answer in between.
@Suite struct ReasoningDetailsTests {
    private static let mark = "anyclaude.v1.router"

    private static func options(showsThinking: Bool = true) -> MessageStream.Options {
        var options = MessageStream.Options(id: "msg_1", model: "m", signature: mark, showsThinking: showsThinking)
        options.keepsReasoningDetails = true
        return options
    }

    /// The blocks of an answer, as a client keeps them.
    private static func content(_ chunks: [JSON], showsThinking: Bool = true) throws -> [JSON] {
        let options = options(showsThinking: showsThinking)
        #expect(try check(chunks, options: options).problems.isEmpty)
        var assembly = MessageAssembly()
        for event in try events(of: chunks.map { SSEWriter.event(data: $0.bytes) }, options: options) { assembly.add(event) }
        #expect(assembly.isComplete)
        return assembly.json["content"]?.arrayValue ?? []
    }

    /// The messages behind the user's in the request that goes on from an answer.
    private static func history(_ content: [JSON], _ dialect: BackendDialect = .openrouter, mark: String? = mark) throws -> [JSON] {
        let calls = content.compactMap { $0["id"]?.stringValue }
        let results = calls.map { JSON.object(["type": "tool_result", "tool_use_id": .string($0), "content": "done"]) }
        let request = try RequestTranslationTests.request([
            ["role": "user", "content": "go"], ["role": "assistant", "content": .array(content)],
            ["role": "user", "content": .array(results + [["type": "text", "text": "on"]])],
        ])
        var options = RequestTranslation.Options(dialect: dialect)
        options.signature = mark
        let prefix = try RequestTranslation.prefix(of: request, dialect: dialect)
        return Array(try RequestTranslation.turns(of: request, prefix: prefix, options: options).dropFirst())
    }

    private static func details(_ details: JSON..., more: JSONObject = [:]) -> JSON {
        var delta = more
        delta["reasoning_details"] = .array(details)
        return chunk(.object(delta))
    }

    private static func call(_ id: String, index: Int = 0) -> JSON {
        [["index": .integer(index), "id": .string(id), "type": "function", "function": ["name": "Bash", "arguments": "{}"]]]
    }

    private static let end = chunk([:], finish: "tool_calls")

    private static func text(_ text: String, index: Int = 0) -> JSON {
        ["type": "reasoning.text", "text": .string(text), "format": "anthropic-claude-v1", "index": .integer(index)]
    }

    private static func signature(_ signature: String, index: Int = 0) -> JSON {
        ["type": "reasoning.text", "signature": .string(signature), "format": "anthropic-claude-v1", "index": .integer(index)]
    }

    private static func whole(_ text: String, _ signature: String, index: Int = 0) -> JSON {
        [
            "type": "reasoning.text", "text": .string(text), "format": "anthropic-claude-v1", "index": .integer(index),
            "signature": .string(signature),
        ]
    }

    /// Claude: one block in pieces, its signature last.
    @Test func piecesBecomeTheDetailThatTheyArePartsOf() throws {
        let content = try Self.content([
            Self.details(Self.text("Let"), more: ["reasoning": "Let"]), Self.details(Self.text(" me see."), more: ["reasoning": " me see."]),
            Self.details(Self.signature("Et8B")), chunk(["content": "I look."]), chunk(["tool_calls": Self.call("toolu_up")]), Self.end,
        ])
        #expect(content.map { $0["type"] } == ["thinking", "text", "tool_use"])
        #expect(content[0]["thinking"] == "Let me see.")
        let message = try #require(Self.history(content).first)
        #expect(message["reasoning_details"] == [Self.whole("Let me see.", "Et8B")])
        #expect(message["content"] == "I look." && message["reasoning"] == nil)
        #expect(message["tool_calls"]?[0]?["id"] == content[2]["id"])
    }

    /// OpenAI: a summary that is shown, and the reasoning itself, encrypted, under the same index.
    @Test func anotherKindIsAnotherDetail() throws {
        let summary = { (text: String) -> JSON in
            ["type": "reasoning.summary", "summary": .string(text), "format": "openai-responses-v1", "index": 0]
        }
        let secret: JSON = ["type": "reasoning.encrypted", "data": "gAAA", "format": "openai-responses-v1", "id": "rs_1", "index": 0]
        let content = try Self.content([
            Self.details(summary("**Retr")), Self.details(summary("ieving**")), Self.details(secret), chunk(["tool_calls": Self.call("call_1")]),
            Self.end,
        ])
        #expect(try Self.history(content).first?["reasoning_details"] == [summary("**Retrieving**"), secret])
    }

    /// Gemini: what it encrypted names the call, which so has to be called as the server called it.
    @Test(arguments: [true, false]) func aCallThatADetailNamesKeepsItsName(showsThinking: Bool) throws {
        let secret: JSON = ["type": "reasoning.encrypted", "data": "EoED", "id": "tool_Bash_1", "format": "google-gemini-v1", "index": 0]
        let content = try Self.content(
            [
                Self.details(secret, more: ["tool_calls": Self.call("tool_Bash_1")]), chunk(["tool_calls": Self.call("tool_Bash_2", index: 1)]),
                Self.end,
            ], showsThinking: showsThinking)
        #expect(content.map { $0["type"] } == ["thinking", "tool_use", "tool_use"] && content[0]["thinking"] == "")
        let messages = try Self.history(content)
        #expect(messages[0]["reasoning_details"] == [secret])
        let second = try #require(content[2]["id"])
        #expect(messages[0]["tool_calls"]?.arrayValue?.map { $0["id"] } == ["tool_Bash_1", second])
        #expect(messages[1...2].map { $0["tool_call_id"] } == ["tool_Bash_1", second])
        // An answer that is told again has calls of other ids.
        var told = MessageAssembly()
        let message = MessageAssembly.envelope(id: "msg_1", model: "m", content: content, stop: .toolUse, stopSequence: nil, usage: MessageUsage())
        for event in try #require(MessageReplay.events(of: message, id: "msg_2", model: "m")) { told.add(event) }
        let again = try Self.history(told.json["content"]?.arrayValue ?? [])
        #expect(again[0]["reasoning_details"] == [secret] && again[1]["tool_call_id"] == "tool_Bash_1")
    }

    @Test func whatComesBehindItsCallIsNotLost() throws {
        let secret: JSON = ["type": "reasoning.encrypted", "data": "EoED", "id": "tool_1", "index": 0]
        let content = try Self.content([
            Self.details(Self.text("hm")), chunk(["tool_calls": Self.call("tool_1")]), Self.details(Self.signature("late")), Self.details(secret),
            Self.end,
        ])
        #expect(content.map { $0["type"] } == ["thinking", "tool_use", "thinking"])
        let message = try #require(Self.history(content).first)
        #expect(message["reasoning_details"] == [Self.whole("hm", "late"), secret] && message["tool_calls"]?[0]?["id"] == "tool_1")
    }

    /// Thinking between words: two details, each in its place.
    @Test func blocksKeepTheirOrder() throws {
        let content = try Self.content([
            Self.details(Self.text("a")), Self.details(Self.signature("A")), chunk(["content": "one"]), Self.details(Self.text("b", index: 1)),
            Self.details(Self.signature("B", index: 1)), chunk(["tool_calls": Self.call("c")]), Self.end,
        ])
        #expect(content.map { $0["type"] } == ["thinking", "text", "thinking", "tool_use"])
        let expected: JSON = [Self.whole("a", "A"), Self.whole("b", "B", index: 1)]
        #expect(try Self.history(content).first?["reasoning_details"] == expected)
    }

    @Test func aWholeAnswerIsKeptAsItCame() throws {
        let all: JSON = [Self.whole("a", "A"), Self.whole("b", "B"), ["type": "reasoning.other", "x": [1], "index": nil]]
        let message: JSON = ["reasoning": "ab", "reasoning_details": all, "content": nil, "tool_calls": Self.call("c")]
        let content = try Self.content([["choices": [["message": message, "finish_reason": "tool_calls"]]]])
        #expect(try Self.history(content).first?["reasoning_details"] == all)
    }

    /// Clients take the last block for the answer, and a client that wants no thinking gets none for words alone.
    @Test func wordsAreNotFollowedByABlockOfNoWords() throws {
        let secret: JSON = ["type": "reasoning.encrypted", "data": "x", "index": 0]
        let words = [chunk(["content": "yes"]), Self.details(secret), chunk([:], finish: "stop")]
        #expect(try Self.content(words).map { $0["type"] } == ["text"])
        let before = [Self.details(secret), chunk(["content": "yes"]), chunk([:], finish: "stop")]
        #expect(try Self.content(before).map { $0["type"] } == ["thinking", "text"])
        #expect(try Self.content(before, showsThinking: false).map { $0["type"] } == ["text"])
        let plain = [Self.details(Self.text("hm")), chunk(["tool_calls": Self.call("c")]), Self.end]
        #expect(try Self.content(plain, showsThinking: false).map { $0["type"] } == ["tool_use"])
    }

    @Test func onlyTheBackendThatSaidItHearsIt() throws {
        let content = try Self.content([
            Self.details(Self.whole("hm", "S"), more: ["tool_calls": Self.call("c")]), Self.end,
        ])
        for mark in ["anyclaude.v1.route", "anyclaude.v1.router2", nil] {
            #expect(try Self.history(content, mark: mark).first?["reasoning_details"] == nil)
        }
        for dialect in BackendDialect.all where dialect.name != "openrouter" {
            let message = try #require(Self.history(content, dialect).first)
            #expect(message["reasoning_details"] == nil)
            #expect(message.text.contains("anyclaude.v1") == false)
        }
        let body: JSON = ["messages": [["role": "assistant", "content": .array(content)]]]
        let kept = content.filter { $0["type"] != "thinking" }
        #expect(OwnThinking.removed(fromBody: body) == ["messages": [["role": "assistant", "content": .array(kept)]]])
    }

    /// Half of a sequence would be refused: of one that is too long nothing goes back.
    @Test func detailsThatAreTooLongAreNotSent() throws {
        let long = String(repeating: "x", count: CarriedReasoning.maximumBytes)
        let content = try Self.content([
            Self.details(Self.whole("hm", "S")), chunk(["content": "so"]), Self.details(Self.whole(long, "T", index: 1)),
            chunk(["tool_calls": Self.call("c")]), Self.end,
        ])
        let signatures = content.compactMap { $0["signature"]?.stringValue }
        #expect(signatures.count == 2 && signatures.allSatisfy { $0.utf8.count < 300 })
        let message = try #require(Self.history(content).first)
        #expect(message["reasoning_details"] == nil && message["tool_calls"]?[0]?["id"] == content.last?["id"])
    }

    @Test(arguments: ["{", "{}", "{\"details\":7,\"calls\":[1],\"cut\":\"x\"}", "[1]", "{\"details\":[7,null],\"calls\":{\"x\":\"y\",\"0\":\"\"}}"])
    func whatAClientMadeOfASignatureIsNoError(rest: String) throws {
        let content: [JSON] = [
            ["type": "thinking", "thinking": "hm", "signature": .string(Self.mark + rest)],
            ["type": "tool_use", "id": "t", "name": "Bash", "input": [:]],
        ]
        let message = try #require(Self.history(content).first)
        #expect(message["reasoning_details"] == nil && message["tool_calls"]?[0]?["id"] == "t")
    }

    /// Whatever order the pieces, words and calls come in: a well-formed stream, and of an answer with calls all that was said is kept.
    @Test func anyOrder() throws {
        var kept = 0
        for seed in 0..<2000 {
            var random = SeededGenerator(UInt64(seed))
            var pieces: [JSON] = []
            var chunks = (0..<Int.random(in: 0..<10, using: &random)).map { _ in
                switch Int.random(in: 0..<6, using: &random) {
                case 0: return chunk(["content": .string(["a", " ", ""].randomElement(using: &random) ?? "")])
                case 1: return chunk(["reasoning": .string(["b", ""].randomElement(using: &random) ?? "")])
                case 2:
                    return chunk(["tool_calls": Self.call("up\(Int.random(in: 0..<2, using: &random))", index: Int.random(in: 0..<3, using: &random))]
                    )
                default:
                    let more = (0...Int.random(in: 0..<2, using: &random)).map { _ in Self.anyPiece(&random) }
                    pieces += more
                    return chunk(["reasoning_details": .array(more)])
                }
            }
            chunks.append(Self.end)
            let content = try Self.content(chunks, showsThinking: Int.random(in: 0..<4, using: &random) > 0)
            guard content.contains(where: { $0["type"] == "tool_use" }) else { continue }
            let carried = content.compactMap { $0["signature"]?.stringValue }.compactMap { ReasoningSignature($0, mark: Self.mark) }
            let all = ReasoningDetails(pieces)
            // A client that wants no thinking is sent none but for what its calls may need.
            guard !carried.isEmpty || content.contains(where: { $0["type"] == "thinking" }) || all.hasSecrets else { continue }
            kept += 1
            let message = try #require(Self.history(content).first)
            let details: JSON? = all.isEmpty ? nil : .array(all.all)
            #expect(message["reasoning_details"] == details, "seed \(seed): \(chunks.map(\.text))")
            let known = Set(pieces.compactMap { $0["id"]?.stringValue })
            let named = carried.flatMap(\.calls.values)
            #expect(known.isSuperset(of: named) && Set(named).count <= named.count, "seed \(seed)")
        }
        #expect(kept > 500)
    }

    private static func anyPiece(_ random: inout SeededGenerator) -> JSON {
        var piece: JSONObject = ["type": .string(["reasoning.text", "reasoning.summary", "reasoning.encrypted"].randomElement(using: &random) ?? "")]
        let member = ["reasoning.text": "text", "reasoning.summary": "summary"][piece["type"]?.stringValue ?? ""] ?? "data"
        if Int.random(in: 0..<4, using: &random) > 0 { piece[member] = .string(["x", "y", ""].randomElement(using: &random) ?? "") }
        if Int.random(in: 0..<4, using: &random) == 0 { piece["signature"] = "S" }
        if member == "data", Bool.random(using: &random) { piece["id"] = .string(["up0", "up1"].randomElement(using: &random) ?? "") }
        if Bool.random(using: &random) { piece["index"] = .integer(Int.random(in: 0..<2, using: &random)) }
        return .object(piece)
    }
}
