import JSON
import Locking

/// Text to token ids and back, exactly as Hugging Face `tokenizers` does it with the same tokenizer.json.
public final class Tokenizer: Sendable {
    private let file: TokenizerFile
    private let addedByID: [Int32: AddedTokens.Token]
    private let cache = Mutex<WordCache?>(nil)

    /// - Throws: where the value is not a tokenizer.json, or one of a kind that this runtime does not have; the message says which.
    public init(_ json: JSON) throws(RuntimeError) {
        file = try TokenizerFile(json)
        addedByID = Dictionary(file.added.tokens.map { ($0.id, $0) }, uniquingKeysWith: { _, last in last })
    }

    /// The tokenizer of a checkpoint.
    public convenience init(directory: String) throws(RuntimeError) {
        let path = directory + "/tokenizer.json"
        do {
            try self.init(try ModelFile.json(path))
        } catch {
            throw RuntimeError(error.message, hint: error.hint, file: error.file ?? path)
        }
    }

    /// One more than the largest id.
    public var vocabularySize: Int { file.bytes.count }

    /// The ids of `text`.
    ///
    /// - Parameter addSpecialTokens: whether the tokens that the checkpoint puts around a text are put around it; chat templates
    ///   write them themselves.
    public func encode(_ text: String, addSpecialTokens: Bool = false) throws(RuntimeError) -> [Int32] {
        var ids: [Int32] = addSpecialTokens ? file.postProcessor.prefix : []
        // The cache is taken out while it is used: encoders at the same time find none and start one, rather than wait.
        let held = cache.withLock { cache in
            defer { cache = nil }
            return cache
        }
        var words = held ?? WordCache()
        for piece in try file.added.split(Array(text.utf8), normalizer: file.normalizer) {
            switch piece {
            case .token(let id): ids.append(id)
            case .text(let part):
                try file.preTokenizer.words(of: part) { word in
                    words.encode(word, into: &ids) { file.encoder.encode(word, into: &$0) }
                }
            }
        }
        cache.withLock { [words] in $0 = words }
        if addSpecialTokens { ids += file.postProcessor.suffix }
        return ids
    }

    /// The text of `ids`. Bytes that are not UTF-8 become U+FFFD; ids that no token has are passed over.
    public func decode(_ ids: some Sequence<Int32>, skipSpecialTokens: Bool) -> String {
        var bytes: [UInt8] = []
        for id in ids where !(skipSpecialTokens && isSpecial(id)) { bytes += self.bytes(of: id) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The bytes that `id` stands for; they need not be whole characters.
    public func bytes(of id: Int32) -> [UInt8] { file.bytes.indices.contains(Int(id)) ? file.bytes[Int(id)] ?? [] : [] }

    /// Whether `id` is a token of control, such as an end of turn, that is no text.
    public func isSpecial(_ id: Int32) -> Bool { addedByID[id]?.isSpecial ?? false }

    /// Whether `id` is one of the tokens beside the vocabulary proper, found in a text before it is cut into words.
    public func isAdded(_ id: Int32) -> Bool { addedByID[id] != nil }

    /// The id of a token by its text.
    public func id(of token: String) -> Int32? {
        if let added = file.added.tokens.first(where: { $0.content == token }) { return added.id }
        let bytes = Array(token.utf8)
        return file.bytes.firstIndex { $0 == bytes }.map(Int32.init)
    }

    /// The ids of the special tokens and their texts.
    public var specialTokens: [Int32: String] {
        addedByID.filter(\.value.isSpecial).mapValues(\.content)
    }
}
