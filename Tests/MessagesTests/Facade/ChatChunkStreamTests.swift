import JSON
import Testing

@testable import Messages

/// Messages told to clients of the chat-completions API.
@Suite struct ChatChunkStreamTests {
    private static func stream(usage: Bool = true) -> ChatChunkStream {
        ChatChunkStream(id: "chatcmpl-1", model: "m", created: 7, includesUsage: usage)
    }

    /// What an API client understands of the outputs: `StreamCheck` for this API.
    struct ChatCheck {
        var assembly = ChatAssembly()
        var problems: [String] = []
        var hasEnded = false
        private var hasRole = false
        private var hasReason = false

        mutating func add(_ output: ChatChunkStream.Output) {
            if hasEnded { problems.append("\(output) after the end") }
            assembly.add(output)
            switch output {
            case .keepAlive: break
            case .failure: hasEnded = true
            case .end:
                hasEnded = true
                if !hasReason { problems.append("an end without a reason") }
            case .chunk(let chunk):
                guard let choice = chunk.choices.first else {
                    if chunk.usage == nil || !hasReason { problems.append("an empty chunk") }
                    return
                }
                if hasReason { problems.append("a choice after the reason") }
                if choice.delta.role != nil { hasRole = true }
                if !hasRole { problems.append("no role at first") }
                hasReason = choice.finishReason != nil
            }
        }
    }

    @Test func everyKindOfBlock() throws {
        let events: [MessageEvent] = [
            .messageStart(id: "msg_1", model: "x", usage: MessageUsage(input: 5, cacheRead: 3)), .ping, .blockStart(index: 0, .thinking),
            .blockDelta(index: 0, .thinking("hm")), .blockDelta(index: 0, .signature("s")), .blockStop(index: 0), .blockStart(index: 1, .text),
            .blockDelta(index: 1, .text("a")), .blockDelta(index: 1, .text("b")), .blockStop(index: 1),
            .blockStart(index: 2, .toolUse(id: "t1", name: "f")), .blockDelta(index: 2, .inputJSON("{\"x\":")),
            .blockDelta(index: 2, .inputJSON("1}")),
            .blockStop(index: 2), .blockStart(index: 3, .toolUse(id: "t2", name: "g")), .blockStop(index: 3),
            .messageDelta(stop: .toolUse, stopSequence: nil, usage: MessageUsage(input: 5, output: 4, cacheRead: 3, thinking: 1)), .messageStop,
        ]
        var stream = Self.stream()
        var check = ChatCheck()
        for output in events.flatMap({ stream.receive($0) }) { check.add(output) }
        #expect(check.problems.isEmpty && check.hasEnded && stream.isOver && stream.finish().isEmpty)
        let json = check.assembly.response.json
        #expect(
            json["choices"]?[0]?["message"] == [
                "role": "assistant", "content": "ab", "reasoning_content": "hm",
                "tool_calls": [
                    ["id": "t1", "type": "function", "function": ["name": "f", "arguments": "{\"x\":1}"]],
                    ["id": "t2", "type": "function", "function": ["name": "g", "arguments": "{}"]],
                ],
            ])
        #expect(json["choices"]?[0]?["finish_reason"] == "tool_calls" && json["object"] == "chat.completion" && json["model"] == "m")
        #expect(
            json["usage"] == [
                "prompt_tokens": 8, "completion_tokens": 4, "total_tokens": 12, "prompt_tokens_details": ["cached_tokens": 3],
                "completion_tokens_details": ["reasoning_tokens": 1],
            ])
    }

    @Test(
        arguments: [
            (StopReason.endTurn, "stop"), (.stopSequence, "stop"), (.maxTokens, "length"), (.contextWindowExceeded, "length"),
            (.toolUse, "tool_calls"), (.refusal, "content_filter"),
        ])
    func reasons(stop: StopReason, word: String) { #expect(OpenAI.FinishReason(stop).rawValue == word) }

    @Test func aStreamWithoutAnEndIsAFailure() {
        for events: [MessageEvent] in [
            [], [.messageStart(id: "", model: "", usage: MessageUsage())],
            [.messageStart(id: "", model: "", usage: MessageUsage()), .messageStop], [.error(AnthropicError(.overloaded, "busy"))],
        ] {
            var stream = Self.stream()
            var outputs = events.flatMap { stream.receive($0) }
            outputs += stream.finish()
            guard case .failure? = outputs.last else {
                Issue.record("no failure: \(outputs)")
                continue
            }
            #expect(!outputs.contains(.end) && stream.finish().isEmpty)
        }
    }

    /// Any chat stream, as messages and back, says the same.
    @Test func thereAndBackIsTheSame() throws {
        for seed in 0..<1000 {
            var random = SeededGenerator(UInt64(seed))
            let bytes = (0..<Int.random(in: 0..<10, using: &random)).flatMap { _ in AnyUpstreamTests.randomEvent(&random) }
            var message = StreamCheck()
            var chat = ChatCheck()
            var stream = Self.stream()
            for event in try events(of: [bytes]) {
                message.add(event)
                for output in stream.receive(event) { chat.add(output) }
            }
            for output in stream.finish() { chat.add(output) }
            #expect(chat.problems.isEmpty && chat.hasEnded, "seed \(seed): \(chat.problems)")
            #expect((chat.assembly.failure == nil) == message.stopped, "seed \(seed)")
            guard message.stopped else { continue }
            let told = chat.assembly.response.choices[0]
            #expect(told.message.text ?? "" == message.texts.joined(), "seed \(seed)")
            #expect(told.message.reasoning ?? "" == message.thinking, "seed \(seed)")
            #expect(told.message.toolCalls.map(\.name) == message.calls.map(\.name), "seed \(seed)")
            #expect(told.message.toolCalls.map(\.arguments) == message.calls.map { $0.arguments.isEmpty ? "{}" : $0.arguments }, "seed \(seed)")
        }
    }

    // MARK: the Messages API's own bytes

    private func told(_ text: String, pieces: Int) -> ChatCheck {
        var answer = ChatAnswer(Self.stream(), chat: nil)
        var check = ChatCheck()
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: pieces) {
            let piece = Array(bytes[start..<min(start + pieces, bytes.count)])
            for output in piece.withUnsafeBytes({ answer.feed($0) }) { check.add(output) }
        }
        for output in answer.finish() { check.add(output) }
        return check
    }

    private static let answer = """
        event: message_start
        data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"c","content":[],"usage":{"input_tokens":9,"output_tokens":1}}}

        event: ping
        data: {"type":"ping"}

        event: content_block_start
        data: {"type":"content_block_start","index":0,"content_block":{"type":"server_tool_use","id":"s","name":"web_search","input":{}}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{}"}}

        event: content_block_stop
        data: {"type":"content_block_stop","index":0}

        event: content_block_start
        data: {"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"hi"}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":1,"delta":{"type":"citations_delta","citation":{}}}

        event: content_block_stop
        data: {"type":"content_block_stop","index":1}

        event: of_the_future
        data: {"type":"of_the_future"}

        event: message_delta
        data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":4}}

        event: message_stop
        data: {"type":"message_stop"}


        """

    @Test(arguments: [1, 7, 10_000])
    func theAPIsOwnStream(pieces: Int) {
        let check = told(Self.answer, pieces: pieces)
        #expect(check.problems.isEmpty && check.hasEnded && check.assembly.failure == nil)
        let response = check.assembly.response
        #expect(response.choices[0].message.text == "hi" && response.choices[0].finishReason == .stop)
        // Its last count is of the answer alone.
        #expect(response.usage?.promptTokens == 9 && response.usage?.completionTokens == 4)
    }

    @Test func cutAnywhereItIsAFailure() {
        let bytes = Array(Self.answer.utf8)
        for end in stride(from: 0, to: bytes.count - 40, by: 13) {
            let check = told(String(decoding: bytes[..<end], as: UTF8.self), pieces: 50)
            #expect(check.problems.isEmpty && check.assembly.failure != nil, "cut at \(end)")
        }
    }

    @Test func aWholeMessageAndAnError() {
        let whole =
            #"{"type":"message","id":"m","model":"c","content":[{"type":"text","text":"hi"},{"type":"tool_use","id":"t","name":"f","input":{"a":1}}],"stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":2}}"#
        let response = told(whole, pieces: 9).assembly.response
        #expect(response.choices[0].message.text == "hi" && response.choices[0].message.toolCalls.first?.arguments == "{\"a\":1}")
        let error = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"busy\"}}\n\n"
        #expect(told(error, pieces: 9).assembly.failure == OpenAI.Failure(AnthropicError(.overloaded, "busy")))
    }

    @Test func errorsInTheOtherAPIsWords() {
        let overflow = OpenAI.Failure(.invalid("prompt is too long: 9 tokens > 8 maximum"))
        #expect(overflow.status == 400 && overflow.code == "context_length_exceeded")
        #expect(OpenAI.Failure(AnthropicError(.overloaded, "busy", retryAfter: 3)).status == 503)
        #expect(OpenAI.Failure(AnthropicError(.rateLimit, "slow", retryAfter: 3)).retryAfter == 3)
        for kind in AnthropicError.Kind.allCases where kind != .overloaded {
            #expect(OpenAI.Failure(AnthropicError(kind, "x")).status == kind.status)
        }
    }
}
