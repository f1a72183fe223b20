import JSON
import Testing

@testable import Messages

/// What servers count, under their many names, and what stands in for what they do not.
@Suite struct AnswerUsageTests {
    private func usage(_ chunks: [JSON]) throws -> (start: MessageUsage, end: MessageUsage) {
        var start: MessageUsage?
        var end: MessageUsage?
        var options = MessageStream.Options(id: "msg_1", model: "m")
        options.estimatedInput = { 100 }
        var stream = MessageStream(options)
        for event in (chunks + [chunk([:], finish: "stop")]).flatMap({ stream.receive(.chunk($0)) }) + stream.receive(.end) {
            if case .messageStart(_, _, let usage) = event { start = usage }
            if case .messageDelta(_, _, let usage) = event { end = usage }
        }
        return (try #require(start), try #require(end))
    }

    @Test(
        arguments: [
            (["prompt_tokens": 10, "completion_tokens": 2, "prompt_tokens_details": ["cached_tokens": 4, "cache_write_tokens": 5]], 1, 5, 4),
            (["prompt_tokens": 10, "completion_tokens": 2, "prompt_cache_hit_tokens": 4, "prompt_cache_miss_tokens": 6], 6, 0, 4),
            (["prompt_tokens": 10, "completion_tokens": 2, "cached_tokens": 4], 6, 0, 4),
            (["prompt_tokens": 10, "completion_tokens": 2, "cache_read_input_tokens": 4, "cache_creation_input_tokens": 6], 0, 6, 4),
            (["prompt_tokens": 10, "completion_tokens": 2, "prompt_tokens_details": nil], 10, 0, 0),
        ] as [(JSON, Int, Int, Int)])
    func theWholeInputIsTheSumOfItsParts(counts: JSON, input: Int, creation: Int, read: Int) throws {
        let expected = MessageUsage(input: input, output: 2, cacheCreation: creation, cacheRead: read)
        #expect(try usage([chunk(["content": "a"], usage: counts)]).end == expected)
        #expect(try usage([["choices": [["delta": ["content": "a"], "usage": counts]]]]).end == expected)
    }

    @Test func llamaCppSaysItBeforeTheFirstToken() throws {
        let progress: JSON = [
            "choices": [["delta": ["role": "assistant"]]], "prompt_progress": ["total": 30, "cache": 20, "processed": 25, "time_ms": 4],
        ]
        let timings: JSON = ["choices": [["delta": ["content": "a"]]], "timings": ["cache_n": 20, "prompt_n": 10, "predicted_n": 7]]
        let told = try usage([progress, timings])
        #expect(told.start == MessageUsage(input: 10, cacheRead: 20))
        #expect(told.end == MessageUsage(input: 10, output: 7, cacheRead: 20))
        let counted: JSON = ["choices": [], "usage": ["prompt_tokens": 30, "completion_tokens": 7], "timings": ["cache_n": 20, "prompt_n": 10]]
        #expect(try usage([counted]).end == MessageUsage(input: 10, output: 7, cacheRead: 20))
    }

    @Test func costAndThinkingAreKept() throws {
        let counts: JSON = [
            "prompt_tokens": 10, "completion_tokens": 5, "completion_tokens_details": ["reasoning_tokens": 3], "cost": 0.00015,
        ]
        let end = try usage([chunk(["content": "a"], usage: counts)]).end
        #expect(end.thinking == 3 && end.cost?.doubleValue == 0.00015)
        #expect(MessageUsage(end.json) == end && end.json["cost"]?.text == "0.00015")
    }

    /// By zeros no client would ever make its conversation shorter.
    @Test func whatNobodyCountsIsEstimated() throws {
        let told = try usage([chunk(["content": "four"]), chunk(["content": "more than eight bytes"]), chunk(["content": ""])])
        #expect(told.start == MessageUsage(input: 100))
        #expect(told.end == MessageUsage(input: 100, output: 7))
        // Each piece is a token at least.
        #expect(try usage((0..<9).map { _ in chunk(["content": "a"]) }).end.output == 9)
        // A server that counts late is believed.
        #expect(
            try usage([chunk(["content": "a"]), ["choices": [], "usage": ["prompt_tokens": 3, "completion_tokens": 1]]]).end
                == MessageUsage(input: 3, output: 1))
    }

    @Test func anImageIsNotCountedByItsBytes() {
        let image: JSON = ["type": "image_url", "image_url": ["url": .string("data:image/png;base64," + String(repeating: "A", count: 1 << 20))]]
        let tokens = UsageEstimate.tokens(of: [["role": "user", "content": [image, ["type": "text", "text": "what is it?"]]]])
        #expect((1500..<1600).contains(tokens))
    }
}
