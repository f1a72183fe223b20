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

    @Test func textsComeInManyForms() throws {
        let parts = try check([
            chunk(["content": [["type": "thinking", "thinking": [["type": "text", "text": "hm"]]]]]),
            chunk(["content": [["type": "text", "text": "a"], ["type": "text", "text": "b"]]], finish: "stop"),
        ])
        #expect(parts.thinking == "hm" && parts.texts == ["ab"])
        // OpenRouter says its thinking twice.
        let details: JSON = [["type": "reasoning.text", "text": "hm"], ["type": "reasoning.encrypted", "data": "x"]]
        #expect(try check([chunk(["reasoning": "hm", "reasoning_details": details]), chunk([:], finish: "stop")]).thinking == "hm")
        let summary: JSON = [["type": "reasoning.summary", "summary": "sum"]]
        #expect(try check([chunk(["reasoning": "", "reasoning_details": summary]), chunk([:], finish: "stop")]).thinking == "sum")
        let older = try check([
            chunk(["function_call": ["name": "f", "arguments": "{\"a\""]]), chunk(["function_call": ["arguments": ":1}"]]),
            chunk([:], finish: "function_call"),
        ])
        #expect(older.calls == [.init("f", "{\"a\":1}")] && older.stop == .toolUse)
        let refusal = try check([chunk(["content": nil, "refusal": "I can't"]), chunk(["refusal": "."], finish: "stop")])
        #expect(refusal.texts == ["I can't."] && refusal.stop == .refusal)
    }

    @Test func thinkingIsMarkedAsOurs() throws {
        var signatures: [String] = []
        var stream = MessageStream(.init(id: "msg_1", model: "m", signature: "\(OwnThinking.mark).lab"))
        for input in [MessageStream.Input.chunk(chunk(["reasoning": "hm"])), .chunk(chunk(["content": "a"], finish: "stop")), .end] {
            for case .blockDelta(_, .signature(let text)) in stream.receive(input) { signatures.append(text) }
        }
        #expect(signatures == ["anyclaude.v1.lab"])
        #expect(signatures.allSatisfy(OwnThinking.isOwn) && !OwnThinking.isOwn("EqQBCgIYAhIM") && !OwnThinking.isOwn(""))
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
        #expect(result.error == AnthropicError(.api, "the model's server broke its answer off (`\(reason)`)"))
    }

    @Test func linesThatSayNothingArePassedOver() throws {
        let result = try check([
            [:], ["object": "progress", "processed": 7], chunk(["content": "a"]), 7, nil, chunk([:], finish: "stop"), ["error": nil],
        ])
        #expect(result.stopped && result.texts == ["a"])
        // A body that is no answer at all is still an error, and says what it was.
        let message = "the model's server ended the stream before the answer was complete; it said: {\"status\":\"loading\"}"
        #expect(try check([["status": "loading"]]).error?.message == message)
        #expect(try !check([["status": "loading"]]).started)
    }

    @Test func aFullWindowIsNamed() throws {
        let length = chunk(["content": "a"], finish: "length", usage: ["prompt_tokens": 90, "completion_tokens": 10])
        for (window, stop) in [(nil, StopReason.maxTokens), (101, .maxTokens), (100, .contextWindowExceeded)] {
            var options = MessageStream.Options(id: "msg_1", model: "m")
            options.contextWindow = window
            #expect(try check([length], options: options).stop == stop)
        }
    }

    @Test func anAnswerThatOnlyWarmsACacheIsEmpty() throws {
        var options = MessageStream.Options(id: "msg_1", model: "m")
        options.discardsOutput = true
        let result = try check([chunk(["content": "a", "reasoning": "b"]), chunk([:], finish: "length")], options: options)
        #expect(result.stopped && result.texts.isEmpty && result.thinking.isEmpty && result.stop == .maxTokens)
    }

    @Test func thinkingAloneThatIsNotShownLeavesNothing() throws {
        var options = MessageStream.Options(id: "msg_1", model: "m")
        options.showsThinking = false
        let result = try check([chunk(["reasoning": "b"]), chunk([:], finish: "stop")], options: options)
        #expect(result.stopped && result.problems.isEmpty && result.thinking.isEmpty && result.stop == .endTurn)
    }
}
