import JSON

/// tokenizer.json of Hugging Face `tokenizers`, read and checked: byte-level BPE, or a refusal that says what it is.
struct TokenizerFile: Sendable {
    let added: AddedTokens
    let normalizer: Normalizer
    let preTokenizer: PreTokenizer
    let encoder: BytePairEncoder
    let postProcessor: PostProcessor
    /// The bytes that each id stands for; nil for ids that no token has.
    let bytes: [[UInt8]?]

    /// More ids than any vocabulary has; a file that says more is damaged.
    private static let largestID = 1 << 22

    init(_ json: JSON) throws(RuntimeError) {
        guard json["model"]?.objectValue != nil, let model = json["model"] else {
            throw RuntimeError("not a tokenizer of Hugging Face `tokenizers`: there is no `model`")
        }
        try Self.checkModel(model)
        try Self.checkDecoder(json["decoder"])
        normalizer = try Normalizer(json["normalizer"])
        added = try AddedTokens(json["added_tokens"], normalizer: normalizer)
        preTokenizer = try PreTokenizer(json["pre_tokenizer"])
        postProcessor = try PostProcessor(json["post_processor"])

        guard case .object(let vocabulary)? = model["vocab"] else { throw RuntimeError("the tokenizer has no `model.vocab`") }
        var ids: [[UInt8]: Int32] = Dictionary(minimumCapacity: vocabulary.count)
        var largest = -1
        for member in vocabulary {
            guard let id = member.value.intValue, (0..<Self.largestID).contains(id) else {
                throw RuntimeError("the id of token `\(member.key)` is not a number below \(Self.largestID)")
            }
            ids[Array(member.key.utf8)] = Int32(id)
            largest = max(largest, id)
        }
        for token in added.tokens { largest = max(largest, Int(token.id)) }
        guard largest < Self.largestID else { throw RuntimeError("an added token has an id beyond \(Self.largestID)") }

        var bytes = [[UInt8]?](repeating: nil, count: largest + 1)
        for (token, id) in ids {
            let text = String(decoding: token, as: UTF8.self)
            bytes[Int(id)] = ByteAlphabet.bytes(of: text) ?? token
        }
        for token in added.tokens { bytes[Int(token.id)] = ByteAlphabet.bytes(of: token.content) ?? Array(token.content.utf8) }
        self.bytes = bytes
        encoder = BytePairEncoder(
            byteTokens: try Self.byteTokens(ids), merges: try Self.merges(model["merges"], ids),
            wholeWords: model["ignore_merges"] == true ? Self.wholeWords(ids) : nil)
    }

    static func unsupported(_ what: String, supported: String) -> RuntimeError {
        RuntimeError("the tokenizer uses \(what), which this runtime does not have", hint: "supported: \(supported)")
    }

    private static func checkModel(_ model: JSON) throws(RuntimeError) {
        let type = model["type"]?.stringValue ?? (model["merges"] != nil ? "BPE" : "without a type")
        guard type == "BPE" else { throw unsupported("model `\(type)`", supported: "byte-level BPE") }
        for key in ["continuing_subword_prefix", "end_of_word_suffix"] {
            if let affix = model[key]?.stringValue, !affix.isEmpty { throw unsupported("`\(key)` = `\(affix)`", supported: "byte-level BPE") }
        }
        if let dropout = model["dropout"]?.doubleValue, dropout > 0 { throw unsupported("BPE dropout", supported: "deterministic BPE") }
    }

    private static func checkDecoder(_ decoder: JSON?) throws(RuntimeError) {
        var type = decoder?["type"]?.stringValue ?? "none"
        if type == "Sequence", case .array(let steps)? = decoder?["decoders"], steps.count == 1 { type = steps[0]["type"]?.stringValue ?? "none" }
        guard type == "ByteLevel" else { throw unsupported("decoder `\(type)`", supported: "ByteLevel") }
    }

    private static func byteTokens(_ ids: [[UInt8]: Int32]) throws(RuntimeError) -> [Int32] {
        var tokens: [Int32] = []
        for (byte, scalar) in ByteAlphabet.scalars.enumerated() {
            guard let id = ids[Array(String(scalar).utf8)] else {
                throw RuntimeError("the vocabulary has no token `\(scalar)` for byte \(byte)", hint: "byte-level BPE needs all 256")
            }
            tokens.append(id)
        }
        return tokens
    }

    private static func wholeWords(_ ids: [[UInt8]: Int32]) -> [[UInt8]: Int32] {
        var words: [[UInt8]: Int32] = Dictionary(minimumCapacity: ids.count)
        for (token, id) in ids {
            if let bytes = ByteAlphabet.bytes(of: String(decoding: token, as: UTF8.self)) { words[bytes] = id }
        }
        return words
    }

    /// Merges are pairs, or in older files strings of two tokens and a space.
    private static func merges(_ json: JSON?, _ ids: [[UInt8]: Int32]) throws(RuntimeError) -> MergeTable {
        guard case .array(let elements)? = json else { throw RuntimeError("the tokenizer has no `model.merges`") }
        var table = MergeTable(capacity: elements.count)
        for (rank, element) in elements.enumerated() {
            let left: [UInt8]
            let right: [UInt8]
            if case .array(let pair) = element, pair.count == 2, let first = pair[0].stringValue, let second = pair[1].stringValue {
                (left, right) = (Array(first.utf8), Array(second.utf8))
            } else if let text = element.stringValue.map({ Array($0.utf8) }), let space = text.firstIndex(of: UInt8(ascii: " ")) {
                (left, right) = (Array(text[..<space]), Array(text[(space + 1)...]))
            } else {
                throw RuntimeError("merge \(rank) of the tokenizer is not a pair of tokens: \(element.text.prefix(80))")
            }
            guard let leftID = ids[left], let rightID = ids[right], let token = ids[left + right] else {
                throw RuntimeError("merge \(rank) of the tokenizer names a token that its vocabulary has not: \(element.text.prefix(80))")
            }
            table.insert(leftID, rightID, .init(rank: Int32(rank), token: token))
        }
        return table
    }
}
