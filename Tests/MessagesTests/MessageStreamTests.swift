import JSON
import Testing

@testable import Messages

@Suite struct MessageStreamTests {
    @Test func textWithUsageInTheFirstAndLastChunk() throws {
        let result = try check([
            chunk(["role": "assistant"], usage: ["prompt_tokens": 10, "completion_tokens": 0, "prompt_tokens_details": ["cached_tokens": 4]]),
            chunk(["content": "Hel"]), chunk(["content": "lo"]), chunk([:], finish: "stop"),
            ["choices": [], "usage": ["prompt_tokens": 10, "completion_tokens": 2, "prompt_tokens_details": ["cached_tokens": 4]]],
        ])
        #expect(result.problems.isEmpty && result.stopped)
        #expect(result.texts == ["Hello"])
        #expect(result.stop == .endTurn)
        #expect(result.usage == MessageUsage(input: 6, output: 2, cacheRead: 4))
    }

    @Test func interleavedCallsComeOneAfterTheOther() throws {
        let result = try check([
            chunk(["content": "Let me see."]),
            chunk(["tool_calls": [["index": 0, "id": "a", "function": ["name": "Ba", "arguments": ""]]]]),
            chunk(["tool_calls": [["index": 0, "function": ["name": "sh"]]]]),
            chunk(["tool_calls": [["index": 1, "id": "b", "function": ["name": "Read", "arguments": "{\"p\""]]]]),
            chunk(["tool_calls": [["index": 0, "function": ["arguments": "{\"c\":"]]]]),
            chunk(["tool_calls": [["index": 1, "function": ["arguments": ":1}"]]]]),
            chunk(["content": "afterwards"]), chunk(["tool_calls": [["index": 0, "function": ["arguments": "2}"]]]]),
            chunk([:], finish: "stop"),
        ])
        #expect(result.problems.isEmpty && result.stopped)
        #expect(result.arguments == ["{\"c\":2}", "{\"p\":1}"])
        #expect(result.texts == ["Let me see.", "afterwards"])
        #expect(result.stop == .toolUse)
    }

    @Test func aServerWithoutIndicesTellsCallsApartByID() throws {
        let call = { (id: String) -> JSON in ["tool_calls": [["id": .string(id), "function": ["name": "f", "arguments": "{}"]]]] }
        #expect(try check([chunk(call("a")), chunk(call("b")), chunk([:], finish: "tool_calls")]).arguments == ["{}", "{}"])
    }

    @Test func thinkingIsSignedOrLeftOut() throws {
        let chunks = [chunk(["reasoning_content": "hm"]), chunk(["content": "\n\n"]), chunk(["content": "yes"]), chunk([:], finish: "stop")]
        let shown = try check(chunks)
        #expect(shown.thinking == "hm" && shown.texts == ["\n\nyes"] && shown.problems.isEmpty)
        let hidden = try check(chunks, options: MessageStream.Options(id: "msg_1", model: "m", showsThinking: false))
        #expect(hidden.thinking.isEmpty && hidden.texts == ["\n\nyes"])
    }

    @Test(arguments: [("length", StopReason.maxTokens), ("content_filter", .refusal), ("tool_calls", .endTurn), ("eos", .endTurn)])
    func reasons(reason: String, expected: StopReason) throws {
        #expect(try check([chunk(["content": "a"], finish: reason)]).stop == expected)
    }

    @Test func aStopStringIsNamed() throws {
        let chunks: [JSON] = [["choices": [["index": 0, "delta": ["content": "a"], "finish_reason": "stop", "stop_reason": "END"]]]]
        let bytes = chunks.map { SSEWriter.event(data: $0.bytes) }
        #expect(try events(of: bytes).contains { if case .messageDelta(.stopSequence, "END", _) = $0 { true } else { false } })
    }

    @Test func aCutStreamIsAnErrorNeverAnEnd() throws {
        var result = StreamCheck()
        for event in try events(of: [SSEWriter.event(data: chunk(["content": "half"]).bytes)]) { result.add(event) }
        #expect(result.failed && !result.stopped && result.problems.isEmpty)
    }

    @Test func anErrorInTheStreamEndsIt() throws {
        let result = try check([chunk(["content": "a"]), ["error": ["message": "busy", "code": 503]], chunk(["content": "b"])])
        #expect(result.failed && result.texts == ["a"])
    }

    /// Servers say "" in each chunk where others say null: that ends nothing, and takes no reason back.
    @Test func anEmptyReasonIsNone() throws {
        let cut = try check([["choices": [["delta": ["content": "Hel"], "finish_reason": "", "stop_reason": ""]]]])
        #expect(cut.failed && cut.texts == ["Hel"])
        let limited = try check([chunk(["content": "a"], finish: "length"), chunk([:], finish: "")])
        #expect(limited.stop == .maxTokens)
        let stopped = try check([["choices": [["delta": ["content": "a"], "finish_reason": "stop", "stop_reason": "", "stopping_word": "END"]]]])
        #expect(stopped.stop == .stopSequence)
    }

    /// A server that shuts down or whose provider failed says so in the reason.
    @Test(arguments: ["abort", "error", "cancelled"])
    func anAnswerThatTheServerGaveUpIsAnError(reason: String) throws {
        let result = try check([chunk(["content": "half"]), chunk([:], finish: reason)])
        #expect(result.failed && !result.stopped)
    }

    @Test func heldCallsAreBounded() throws {
        var options = MessageStream.Options(id: "msg_1", model: "m")
        options.maximumHeldBytes = 100
        let long = String(repeating: "x", count: 60)
        let result = try check(
            (0..<4).map { _ in chunk(["tool_calls": [["index": 1, "id": "a", "function": ["name": "f", "arguments": .string(long)]]]]) },
            options: options)
        #expect(result.failed)
    }

    /// Any sequence of chunks, in any order, split and cut anywhere: a well-formed stream, or one error.
    @Test func anyUpstreamGivesAWellFormedStreamOrOneError() throws {
        for seed in 0..<3000 {
            var random = SeededGenerator(UInt64(seed))
            var bytes = (0..<Int.random(in: 0..<12, using: &random)).flatMap { _ in Self.randomEvent(&random) }
            if Bool.random(using: &random) { bytes += SSEWriter.event(data: Array("[DONE]".utf8)) }
            if Bool.random(using: &random) { bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random))) }
            var pieces: [[UInt8]] = []
            while !bytes.isEmpty {
                let count = Int.random(in: 1...min(40, bytes.count), using: &random)
                pieces.append(Array(bytes.prefix(count)))
                bytes.removeFirst(count)
            }
            var result = StreamCheck()
            var assembly = MessageAssembly()
            for event in try events(of: pieces) {
                result.add(event)
                assembly.add(event)
            }
            #expect(result.problems.isEmpty, "seed \(seed): \(result.problems)")
            #expect(result.stopped != result.failed, "seed \(seed)")
            #expect(assembly.isComplete == result.stopped)
            guard result.stopped else { continue }
            // A kept answer told again is the same answer.
            let replayed = try #require(MessageReplay.events(of: assembly.json, id: "msg_2", model: "m"))
            var second = StreamCheck()
            replayed.forEach { second.add($0) }
            #expect(second.problems.isEmpty && second.texts == result.texts && second.stop == result.stop && second.usage == result.usage)
        }
    }

    private static func randomEvent(_ random: inout SeededGenerator) -> [UInt8] {
        let texts = ["", "a", " ", "\n\n", "é😀", "{\"a\":1}", "{\"b\"", "x y"]
        func text(_ random: inout SeededGenerator) -> JSON { .string(texts.randomElement(using: &random) ?? "") }
        let event: JSON
        switch Int.random(in: 0..<12, using: &random) {
        case 0: event = chunk(["role": "assistant", "content": ""])
        case 1, 2: event = chunk(["content": text(&random)])
        case 3: event = chunk(["reasoning_content": text(&random)])
        case 4, 5, 6:
            var function: JSONObject = [:]
            if Bool.random(using: &random) { function["name"] = .string(["f", "g", ""].randomElement(using: &random) ?? "f") }
            if Bool.random(using: &random) { function["arguments"] = Bool.random(using: &random) ? text(&random) : ["k": text(&random)] }
            var call: JSONObject = ["function": .object(function)]
            if Bool.random(using: &random) { call["index"] = .integer(Int.random(in: 0..<3, using: &random)) }
            if Bool.random(using: &random) { call["id"] = .string(["a", "b", ""].randomElement(using: &random) ?? "a") }
            event = chunk(["tool_calls": [.object(call)]])
        case 7: event = chunk([:], finish: ["stop", "length", "tool_calls", "content_filter", "odd"].randomElement(using: &random))
        case 8:
            event = [
                "choices": [],
                "usage": [
                    "prompt_tokens": .integer(Int.random(in: 0..<9, using: &random)),
                    "completion_tokens": .integer(Int.random(in: 0..<9, using: &random)),
                ],
            ]
        case 9: return SSEWriter.comment("keepalive 1/2")
        case 10:
            event = [[:], ["choices": 3], ["choices": [nil]], ["error": nil, "choices": [["delta": nil]]], 7].randomElement(using: &random) ?? [:]
        default:
            event = Int.random(in: 0..<5, using: &random) == 0 ? ["error": ["message": "bad"]] : chunk(["content": text(&random)], finish: "stop")
        }
        return SSEWriter.event(data: event.bytes)
    }
}
