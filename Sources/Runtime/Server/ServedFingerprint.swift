import Crypto

/// Of all that decides what a served model answers to a request, so that an answer may be kept in its name.
enum ServedFingerprint {
    /// The small files that make tokens of text and text of tokens, and what sampling they advise. `config.json` is in the model's own.
    private static let files = [
        "chat_template.jinja", "chat_template.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json",
    ]

    static func of(_ model: LanguageModel, directory: String, contextWindow: Int) throws(RuntimeError) -> String {
        var hash = SHA256()
        func add(_ bytes: some Sequence<UInt8>) {
            let part = SHA256.hash(data: Array(bytes))
            part.withUnsafeBytes { hash.update(bufferPointer: $0) }
        }
        let computation = [model.fingerprint, model.precision.rawValue, "\(model.instructionSet)"]
        for text in ["anyclaude-model/v1"] + computation + ["\(contextWindow)"] { add(text.utf8) }
        for file in files {
            add(file.utf8)
            if let bytes = try ModelFile.bytes(directory + "/" + file) { add(bytes) }
        }
        return hash.finalize().map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }
}
