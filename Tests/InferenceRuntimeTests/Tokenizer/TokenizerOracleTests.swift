import JSON
import Testing

@testable import InferenceRuntime

@Suite(.enabled(if: SharedOracle.isThere, "ANYCLAUDE_SHARED names no folder of oracle outputs"))
struct TokenizerOracleTests {
    private func tokenizer() throws -> Tokenizer { try Tokenizer(directory: (SharedOracle.directory ?? "") + "/tiny-qwen3") }

    @Test func idsAreThoseOfTokenizers() throws {
        let tokenizer = try tokenizer()
        let lines = try SharedOracle.lines("tokenization_8k.jsonl")
        #expect(lines.count > 800)
        for line in lines {
            let ids = SharedOracle.ids(line["ids"])
            #expect(try tokenizer.encode(line["text"]?.stringValue ?? "") == ids)
            #expect(tokenizer.decode(ids, skipSpecialTokens: false) == line["decoded"]?.stringValue)
            #expect(tokenizer.decode(ids, skipSpecialTokens: true) == line["decoded_skip"]?.stringValue)
        }
    }

    @Test func textsAreThoseOfTokenizersEvenInPieces() throws {
        let tokenizer = try tokenizer()
        let lines = try SharedOracle.lines("decode_8k.jsonl")
        #expect(lines.count >= 300)
        for line in lines {
            let ids = SharedOracle.ids(line["ids"])
            let expected = Array((line["text"]?.stringValue ?? "").utf8)
            #expect(Array(tokenizer.decode(ids, skipSpecialTokens: false).utf8) == expected)
            var stream = StreamingDetokenizer(tokenizer, skipSpecialTokens: false)
            let pieces = ids.map { stream.append($0) } + [stream.finish()]
            #expect(Array(pieces.joined().utf8) == expected)
        }
    }
}
