import JSON
import Testing

@testable import InferenceRuntime

struct TokenizerTests {
    @Test func mergesGoByRankFromTheLeft() throws {
        let tokenizer = try Tokenizer(SmallTokenizer.json())
        #expect(try tokenizer.encode("hello hello") == [259, 260])
        #expect(try tokenizer.encode("helo") == [256, 108, 111])
        #expect(try tokenizer.encode("lll") == [257, 108])
        #expect(try tokenizer.encode("") == [])
    }

    @Test func mergesMayBeTexts() throws {
        let old = try Tokenizer(SmallTokenizer.json(merges: ["h e", "l l", "he ll", "hell o", "Ġ hello"]))
        #expect(try old.encode("hello hello") == [259, 260])
    }

    @Test func aLongWordGivesWhatShortOnesGive() throws {
        let tokenizer = try Tokenizer(SmallTokenizer.json())
        // Beyond the limit for scanning, where the heap takes over.
        #expect(try tokenizer.encode(String(repeating: "hello", count: 1000)) == Array(repeating: 259, count: 1000))
    }

    @Test func theNormalFormIsComposed() throws {
        let tokenizer = try Tokenizer(SmallTokenizer.json())
        #expect(try tokenizer.encode("e\u{301}") == tokenizer.encode("\u{e9}"))
    }

    @Test func addedTokensAreFoundInTheText() throws {
        let tokenizer = try Tokenizer(
            SmallTokenizer.json(added: [
                SmallTokenizer.added(300, "<a>"), SmallTokenizer.added(301, "<a><b>"),
                SmallTokenizer.added(302, "<s>", flags: ["lstrip": true, "rstrip": true]),
                SmallTokenizer.added(303, "word", special: false, flags: ["single_word": true]),
            ]))
        #expect(try tokenizer.encode("<a><b><a>") == [301, 300])
        #expect(try tokenizer.encode("hello  <s> \n hello") == [259, 302, 259])
        #expect(try tokenizer.encode("word").first == 303)
        #expect(try !tokenizer.encode("words sword").contains(303))
        #expect(tokenizer.decode([259, 300, 303], skipSpecialTokens: true) == "helloword")
        #expect(tokenizer.decode([259, 300], skipSpecialTokens: false) == "hello<a>")
    }

    @Test func wholeWordsWinWhereMergesAreIgnored() throws {
        let json = SmallTokenizer.json(merges: [["h", "e"]], words: ["he", "hexo"], model: ["ignore_merges": true])
        #expect(try Tokenizer(json).encode("hexo") == [257])
        #expect(try Tokenizer(SmallTokenizer.json(merges: [["h", "e"]], words: ["he", "hexo"])).encode("hexo") == [256, 120, 111])
    }

    @Test func specialTokensAreAddedOnRequest() throws {
        let processor: JSON = [
            "type": "TemplateProcessing", "single": [["SpecialToken": ["id": "<a>"]], ["Sequence": ["id": "A"]]],
            "special_tokens": ["<a>": ["id": "<a>", "ids": [300], "tokens": ["<a>"]]],
        ]
        let tokenizer = try Tokenizer(
            SmallTokenizer.json(added: [SmallTokenizer.added(300, "<a>")], changes: ["post_processor": processor]))
        #expect(try tokenizer.encode("hello", addSpecialTokens: true) == [300, 259])
        #expect(try tokenizer.encode("hello") == [259])
    }

    private static let otherKinds: [(change: [String: JSON], name: String)] = [
        (["model": ["type": "Unigram", "vocab": []]], "Unigram"), (["decoder": ["type": "Metaspace"]], "Metaspace"),
        (["pre_tokenizer": ["type": "Metaspace"]], "Metaspace"), (["normalizer": ["type": "Lowercase"]], "Lowercase"),
        (["post_processor": ["type": "BertProcessing"]], "BertProcessing"), (["pre_tokenizer": nil], "ByteLevel"),
    ]

    @Test(arguments: otherKinds.indices)
    func anotherKindIsRefusedByName(_ index: Int) {
        let kind = Self.otherKinds[index]
        let error = #expect(throws: RuntimeError.self) { try Tokenizer(SmallTokenizer.json(changes: kind.change)) }
        #expect(error?.message.contains(kind.name) == true)
        #expect(error?.hint != nil)
    }

    @Test func aDamagedFileIsRefused() {
        let damaged: [[JSON]] = [[["h", "zz"]], ["h"], [7]]
        for merges in damaged {
            #expect(throws: RuntimeError.self) { try Tokenizer(SmallTokenizer.json(merges: merges)) }
        }
        #expect(throws: RuntimeError.self) { try Tokenizer(SmallTokenizer.json(added: [SmallTokenizer.added(1 << 40, "x")])) }
    }

    @Test func aStreamNeverHasHalfACharacter() throws {
        let tokenizer = try Tokenizer(SmallTokenizer.json())
        // Well-formed characters, beginnings without an end, stray bytes.
        let cases: [[UInt8]] = [
            Array("aé漢🙂z".utf8), [0xF0, 0x9F, 0x61], [0xE6, 0xBC], [0xC3, 0xC3, 0xA9], [0x80, 0xFF, 0x62], [0xED, 0xA0, 0x80], [0xF4, 0x90],
        ]
        for bytes in cases {
            var stream = StreamingDetokenizer(tokenizer, skipSpecialTokens: false)
            var pieces = bytes.map { stream.append(Int32($0)) }
            if Array(String(decoding: bytes, as: UTF8.self).utf8) == bytes { #expect(!pieces.contains { $0.contains("\u{FFFD}") }) }
            pieces.append(stream.finish())
            #expect(Array(pieces.joined().utf8) == Array(String(decoding: bytes, as: UTF8.self).utf8))
        }
    }
}
