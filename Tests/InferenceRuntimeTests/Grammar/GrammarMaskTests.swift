import JSON
import Testing

@testable import InferenceRuntime

struct GrammarMaskTests {
    private func mask(_ schema: JSON, budget: Int) throws -> (mask: GrammarMask, tokenizer: Tokenizer) {
        let tokenizer = try GrammarTokenizer.make()
        let grammars = AnswerGrammars(tokenizer, dialect: nil, capacity: GrammarTokenizer.capacity)
        return (try grammars.mask(AnswerForm(format: schema), stopTokens: [GrammarTokenizer.end], budget: budget).mask, tokenizer)
    }

    private func texts(_ mask: GrammarMask, _ tokenizer: Tokenizer) throws -> Set<String> {
        let allowed = try #require(mask.allowedTokens())
        return Set((0..<Int32(GrammarTokenizer.capacity)).filter(allowed.contains).map { String(decoding: tokenizer.bytes(of: $0), as: UTF8.self) })
    }

    private func id(_ text: String, _ tokenizer: Tokenizer) throws -> Int32 {
        try #require((0..<Int32(GrammarTokenizer.capacity)).first { tokenizer.bytes(of: $0) == Array(text.utf8) && !tokenizer.isAdded($0) })
    }

    @Test func tokensMayGoAcrossTheBordersOfParts() throws {
        var (mask, tokenizer) = try mask(["type": "object", "properties": ["name": ["type": "string"]], "required": ["name"]], budget: 100)
        #expect(try texts(mask, tokenizer) == ["{", "{\""])
        mask.advance(by: try id("{\"", tokenizer))
        #expect(try texts(mask, tokenizer) == ["n", "name"])
        mask.advance(by: try id("name", tokenizer))
        #expect(try texts(mask, tokenizer) == ["\"", "\":", "\": ", "\": \""])
    }

    @Test func controlIsNoText() throws {
        var (mask, tokenizer) = try mask(["type": "boolean"], budget: 100)
        let allowed = try #require(mask.allowedTokens())
        #expect(!allowed.contains(GrammarTokenizer.special))
        #expect(try texts(mask, tokenizer) == ["t", "tr", "true", "f", "false"])
        mask.advance(by: try id("true", tokenizer))
        #expect(mask.isComplete)
        #expect(mask.allowedTokens()?.isEmpty == true)
    }

    @Test func theEndIsAllowedWhereTheValueIsWholeAndCouldGoOn() throws {
        var (mask, tokenizer) = try mask(["type": "integer"], budget: 100)
        #expect(mask.allowedTokens()?.contains(GrammarTokenizer.end) == false)
        mask.advance(by: try id("12", tokenizer))
        #expect(mask.allowedTokens()?.contains(GrammarTokenizer.end) == true)
        #expect(!mask.isComplete)
    }

    @Test func theLastTokensLeadToTheEnd() throws {
        var (mask, tokenizer) = try mask(["type": "array", "items": ["type": "string"], "minItems": 2], budget: 7)
        // `[`, `"`, `",`, `"` and `"]`.
        #expect(mask.fewestTokens == 5)
        for text in ["[", "\"", "abc", "abc"] { mask.advance(by: try id(text, tokenizer)) }
        #expect(try texts(mask, tokenizer) == ["\",", "\", \""])
        mask.advance(by: try id("\", \"", tokenizer))
        #expect(try texts(mask, tokenizer).isSuperset(of: ["\"]", "abc", "a"]))
        mask.advance(by: try id("abc", tokenizer))
        #expect(try texts(mask, tokenizer) == ["\"]"])
    }

    @Test func tablesThatGrowTooLargeAreLeftBehind() throws {
        let tokenizer = try GrammarTokenizer.make()
        let grammars = AnswerGrammars(tokenizer, dialect: nil, capacity: GrammarTokenizer.capacity)
        let form = AnswerForm(format: ["type": "string", "minLength": 20_000, "maxLength": 30_000])
        var mask = try grammars.mask(form, stopTokens: [], budget: 40_000).mask
        mask.advance(by: try id("\"", tokenizer))
        let word = try id("hello world", tokenizer)
        for _ in 0..<1900 {
            #expect(mask.allowedTokens()?.contains(word) == true)
            mask.advance(by: word)
        }
        #expect(mask.allowedTokens()?.contains(try id("\"", tokenizer)) == true)
        mask.advance(by: try id("\"", tokenizer))
        #expect(mask.isComplete)
    }
}
