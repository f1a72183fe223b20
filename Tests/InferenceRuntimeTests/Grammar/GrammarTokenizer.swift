import JSON

@testable import InferenceRuntime

/// A tokenizer with tokens that go across the borders of a grammar's parts, and tokens of control.
enum GrammarTokenizer {
    static let opener: Int32 = 900
    static let closer: Int32 = 901
    static let end: Int32 = 902
    static let special: Int32 = 903
    static let capacity = 910

    private static let words = [
        "{\"", "\":", "\": ", "\": \"", "\",", "\", \"", "\"}", "\"}}", "}}", "}]", "]}", "[]", "[[", "{}", "\"]", "},", "}, {\"", "null", "true",
        "false",
        "tr", "ue}", "00", "12", "0.", ".5", "e1", "-1", ",", ", ", "  ", "    ", "\\n", "\\u", "\\\"", "\n\n", "</", "</parameter", "</parameter>",
        "<parameter",
        "parameter", ">\n", "=", "file", "path", "name", "é", "ö\"", "💡", "ключ", "kind", "content", "\"content", "pending\"", "in_", "abc",
        "hello world",
    ]

    static func make() throws -> Tokenizer {
        var pieces: [String] = []
        for word in words {
            let piece = String(String.UnicodeScalarView(word.utf8.map { ByteAlphabet.scalars[Int($0)] }))
            if piece.unicodeScalars.count > 1, !pieces.contains(piece) { pieces.append(piece) }
        }
        // Half characters, as vocabularies have them.
        for bytes: [UInt8] in [[0xF0, 0x9F], [0x9F, 0x92], [0xE2, 0x9C], [0x93, 0x22], [0xD0], [0xC3, 0xA4, 0x22]] where bytes.count > 1 {
            pieces.append(String(String.UnicodeScalarView(bytes.map { ByteAlphabet.scalars[Int($0)] })))
        }
        let added = [
            SmallTokenizer.added(Int(opener), "<tool_call>", special: false), SmallTokenizer.added(Int(closer), "</tool_call>", special: false),
            SmallTokenizer.added(Int(end), "<|im_end|>"), SmallTokenizer.added(Int(special), "true", special: true),
        ]
        return try Tokenizer(SmallTokenizer.json(merges: [], words: pieces, added: added))
    }
}
