import JSON
import Testing

@testable import Messages

struct ChatTypesTests {
    @Test func membersThatNobodyNamesAreKept() throws {
        let json = try JSON(parsing: #"{"model":"m","messages":[{"role":"user","content":"hi","x":1}],"future":{"a":[1.50]}}"#)
        var request = try OpenAI.ChatRequest(json)
        request.stream = true
        request.includeUsage = true
        #expect(request.json["future"] == json["future"])
        #expect(request.messages[0].json["x"] == 1)
        #expect(request.json["stream_options"] == ["include_usage": true])
    }

    @Test(arguments: [
        (#"[]"#, "body"), (#"{}"#, "messages"), (#"{"messages":1}"#, "messages"), (#"{"messages":[1]}"#, "messages[0]"),
        (#"{"messages":[{}]}"#, "messages[0]"), (#"{"messages":[],"tools":{}}"#, "tools"),
        (#"{"messages":[],"tools":[{"type":"function"}]}"#, "tools[0]"),
    ])
    func aWrongRequestIsRefusedWithItsPlace(_ text: String, _ param: String) throws {
        let json = try JSON(parsing: text)
        let failure = #expect(throws: OpenAI.Failure.self) { try OpenAI.ChatRequest(json) }
        #expect(failure?.param == param)
        #expect(failure?.status == 400)
    }

    @Test func aChunkSurvivesItsWire() throws {
        let chunk = OpenAI.ChatChunk(
            id: "c", model: "m", created: 7,
            choices: [
                .init(
                    delta: .init(role: "assistant", content: "x", reasoning: "r", toolCalls: [.init(index: 1, id: "i", name: "n", arguments: "{")]),
                    finishReason: .toolCalls, stopString: "END")
            ], usage: .init(promptTokens: 3, completionTokens: 2, cachedTokens: 1))
        #expect(try OpenAI.ChatChunk(try JSON(parsing: chunk.json.text)) == chunk)
    }

    @Test func anErrorInTheStreamIsThrown() throws {
        let failure = #expect(throws: OpenAI.Failure.self) {
            try OpenAI.ChatChunk(["error": ["message": "late", "code": "context_length_exceeded"]])
        }
        #expect(failure?.message == "late")
        #expect(failure?.code == "context_length_exceeded")
    }

    @Test func contextOverflowSaysItsNumbers() {
        let failure = OpenAI.Failure.contextLengthExceeded(promptTokens: 9000, window: 8192)
        #expect(failure.message == "prompt has 9000 tokens, the context window is 8192")
        #expect(failure.json["error"]?["code"] == "context_length_exceeded")
    }

    @Test func anAnswerAndAChunkSayTheSameInTheSameWords() {
        let response = OpenAI.ChatResponse(
            id: "c", model: "m", created: 7, choices: [.init(message: .init(role: "assistant", text: "x"), finishReason: .stop, stopString: "END")],
            usage: .init(promptTokens: 3, completionTokens: 2))
        let text =
            #"{"id":"c","object":"chat.completion","created":7,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"x"},"#
            + #""logprobs":null,"finish_reason":"stop","stop_reason":"END"}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}"#
        #expect(response.json.text == text)
        let chunk = OpenAI.ChatChunk(id: "c", model: "m", created: 7, choices: [.init(delta: .init(content: "x"))])
        #expect(
            chunk.json.text
                == #"{"id":"c","object":"chat.completion.chunk","created":7,"model":"m","choices":[{"index":0,"delta":{"content":"x"},"finish_reason":null}]}"#
        )
    }

    /// Counts beyond reason are a server's fault; whoever adds them up must not fail for it.
    @Test(arguments: [JSON.integer(.max), .integer(.min), -5, 0, 12])
    func countsAreWithinReason(count: JSON) throws {
        let wanted = count == 12 ? 12 : count == .integer(.max) ? 1 << 40 : 0
        let usage = try #require(
            OpenAI.Usage([
                "prompt_tokens": count, "completion_tokens": count, "prompt_tokens_details": ["cached_tokens": count, "cache_write_tokens": count],
                "completion_tokens_details": ["reasoning_tokens": count],
            ]))
        #expect(usage.promptTokens == wanted && usage.completionTokens == wanted && usage.reasoningTokens == wanted)
        #expect(usage.json["total_tokens"] == .integer(2 * wanted))
        let message = usage.message
        #expect(message.input + message.cacheCreation + message.cacheRead == wanted && message.output == wanted)
        let kept = MessageUsage([
            "input_tokens": count, "output_tokens": count, "cache_creation_input_tokens": count, "cache_read_input_tokens": count,
        ])
        #expect(kept.input + kept.output + kept.cacheCreation + kept.cacheRead == 4 * wanted)
    }
}
