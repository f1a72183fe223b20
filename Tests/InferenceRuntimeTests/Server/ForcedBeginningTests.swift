import Testing

@testable import InferenceRuntime

struct ForcedBeginningTests {
    private func mask(_ texts: [String]) throws -> ForcedBeginning {
        let tokenizer = try Tokenizer(SmallTokenizer.json())
        return ForcedBeginning(oneOf: texts, .init(tokenizer, capacity: 400))
    }

    private func ids(_ set: TokenSet?) -> [Int32]? { set.map { set in (0..<400).filter(set.contains) } }

    @Test func anyTokensOfTheTextWillDo() throws {
        // h, he, hell, hello (which reaches beyond the text): 256 he, 258 hell, 259 hello.
        #expect(try ids(mask(["hell"]).allowedTokens()) == [104, 256, 258, 259])
    }

    @Test func theTextsPartWhereTheyDiffer() throws {
        var mask = try mask(["ab", "ac"])
        mask.advance(by: 97)
        #expect(ids(mask.allowedTokens()) == [98, 99])
        mask.advance(by: 99)
        #expect(mask.allowedTokens() == nil)
    }

    @Test func aTokenThatGoesBeyondEndsIt() throws {
        var mask = try mask(["hel"])
        mask.advance(by: 259)
        #expect(mask.allowedTokens() == nil)
    }
}
