import JSON
import Testing

@testable import Messages

/// A piece that is read without a tree is the piece that the tree says.
@Suite struct PlainChunkTests {
    private static func piece(_ text: String) -> PlainChunk? { PlainChunk(Array(text.utf8)) }

    @Test func piecesOfTextAndOfThinking() {
        let text = Self.piece(
            #"{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","system_fingerprint":null,"choices":[{"index":0,"delta":{"role":"assistant","content":"a\n\u00e9\"","reasoning_content":null},"logprobs":null,"finish_reason":null}],"usage":null}"#
        )
        #expect(text?.kind == .text && text?.text == "a\né\"")
        let thinking = Self.piece(#"{"choices":[{"delta":{"reasoning":"hm","content":""}}]}"#)
        #expect(thinking?.kind == .thinking && thinking?.text == "hm")
    }

    @Test(arguments: [
        // Says nothing.
        #"{"choices":[{"delta":{}}]}"#, #"{"choices":[{"delta":{"content":""}}]}"#, #"{"choices":[{"delta":{"content":null}}]}"#,
        // Says more.
        #"{"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]}"#, #"{"choices":[{"delta":{"content":"a","tool_calls":[]}}]}"#,
        #"{"choices":[{"delta":{"content":"a"}}],"usage":{"prompt_tokens":1}}"#, #"{"choices":[{"delta":{"content":"a","reasoning":"b"}}]}"#,
        #"{"choices":[{"delta":{"content":"a","reasoning_details":[{"type":"reasoning.text","text":"a"}]}}]}"#,
        #"{"choices":[{"delta":{"content":"a"}},{"delta":{"content":"b"}}]}"#, #"{"choices":[{"delta":{"content":"a"}}],"error":{"message":"x"}}"#,
        #"{"choices":[{"delta":{"refusal":"no"}}]}"#,
        // Is written otherwise.
        #"{"choices":[{"message":{"content":"a"}}]}"#, #"{"choices":{"delta":{"content":"a"}}}"#, #"{"choices":[{"delta":{"content":["a"]}}]}"#,
        #"{"choices":[{"delta":{"c\u006fntent":"a"}}]}"#, #"{"choices":[{"delta":{"content":"a","content":"b"}}]}"#,
        #"{"choices":[{"delta":{"content":"a"}}],"choices":[{"delta":{"content":"b"}}]}"#,
        // Is no chunk.
        "[DONE]", "", "{", #"{"choices":[{"delta":{"content":"a"}}]"#, #""choices""#, "[]", #"{"choices":[]}"#,
    ])
    func whatIsReadInFull(_ text: String) { #expect(Self.piece(text) == nil) }

    @Test func theTreeSaysTheSame() throws {
        let names = ["content", "reasoning", "reasoning_content", "role", "refusal", "tool_calls"]
        let values: [JSON] = [nil, "", "a", "é\n", 1, [], "b"]
        var plain = 0
        for seed in 0..<4000 {
            var random = SeededGenerator(UInt64(seed))
            var delta: JSONObject = [:]
            for _ in 0..<Int.random(in: 0..<4, using: &random) {
                delta[names.randomElement(using: &random) ?? ""] = values.randomElement(using: &random)
            }
            let json = chunk(.object(delta), finish: Int.random(in: 0..<9, using: &random) == 0 ? "stop" : nil)
            guard let piece = PlainChunk(json.bytes) else { continue }
            plain += 1
            let choice = try #require(try OpenAI.ChatChunk(json).choices.first)
            #expect(choice.finishReason == nil && choice.delta.toolCalls.isEmpty && !choice.delta.isRefusal, "\(json.text)")
            #expect((choice.delta.content ?? "") == (piece.kind == .text ? piece.text : ""), "\(json.text)")
            #expect((choice.delta.reasoning ?? "") == (piece.kind == .thinking ? piece.text : ""), "\(json.text)")
        }
        #expect(plain > 300)
    }

    /// Behind a chunk that was named the short way is taken, without one the long way: a client is told the same.
    @Test func bothWaysTellTheSame() {
        for seed in 0..<500 {
            var random = SeededGenerator(UInt64(seed))
            let chunks = (0..<12).map { _ in
                chunk(Bool.random(using: &random) ? ["content": "a b"] : Bool.random(using: &random) ? ["reasoning": "hm"] : [:])
            }
            func told(_ id: JSON?) -> [MessageEvent] {
                let all = chunks + [chunk([:], finish: "stop")]
                let bytes = all.flatMap { chunk -> [UInt8] in
                    var object = chunk.objectValue ?? [:]
                    object["id"] = id
                    return SSEWriter.event(data: JSON.object(object).bytes)
                }
                var body = AnswerBody()
                var stream = MessageStream(.init(id: "msg_1", model: "m"))
                return (body.feed(bytes) + body.finish()).flatMap { stream.receive($0) }
            }
            #expect(told("c") == told(nil), "seed \(seed)")
        }
    }

    @Test func aDeltaIsWrittenAsItsTree() {
        let deltas: [MessageEvent.Delta] = [.text("a\n\"é\u{1}\\"), .thinking("hm"), .signature("s"), .inputJSON("{\"a\":\r\n1}")]
        for (index, delta) in deltas.enumerated() {
            let event = MessageEvent.blockDelta(index: index, delta)
            #expect(event.bytes == SSEWriter.event(event.name, data: event.json.bytes))
        }
    }
}
