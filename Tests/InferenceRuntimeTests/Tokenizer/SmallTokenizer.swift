import JSON

@testable import InferenceRuntime

/// A byte-level BPE with the 256 bytes as tokens 0 to 255 and a few merges.
enum SmallTokenizer {
    static func json(
        merges: [JSON] = [["h", "e"], ["l", "l"], ["he", "ll"], ["hell", "o"], ["Ġ", "hello"]],
        words: [String] = ["he", "ll", "hell", "hello", "Ġhello"], added: [JSON] = [], changes: [String: JSON] = [:], model: [String: JSON] = [:]
    ) -> JSON {
        var vocabulary: JSONObject = [:]
        for (byte, scalar) in ByteAlphabet.scalars.enumerated() { vocabulary[String(scalar)] = .integer(byte) }
        for (index, word) in words.enumerated() { vocabulary[word] = .integer(256 + index) }
        var bpe: JSONObject = ["type": "BPE", "vocab": .object(vocabulary), "merges": .array(merges)]
        for (key, value) in model { bpe[key] = value }
        var root: JSONObject = [
            "added_tokens": .array(added), "normalizer": ["type": "NFC"],
            "pre_tokenizer": [
                "type": "Sequence",
                "pretokenizers": [
                    ["type": "Split", "pattern": ["Regex": #" ?\p{L}+|\s+|[^\s\p{L}]+"#], "behavior": "Isolated", "invert": false],
                    ["type": "ByteLevel", "add_prefix_space": false, "use_regex": false],
                ],
            ],
            "decoder": ["type": "ByteLevel"], "model": .object(bpe),
        ]
        for (key, value) in changes { root[key] = value }
        return .object(root)
    }

    static func added(_ id: Int, _ content: String, special: Bool = true, flags: [String: JSON] = [:]) -> JSON {
        var token: JSONObject = [
            "id": .integer(id), "content": .string(content), "special": .bool(special), "single_word": false, "lstrip": false, "rstrip": false,
            "normalized": false,
        ]
        for (key, value) in flags { token[key] = value }
        return .object(token)
    }
}
