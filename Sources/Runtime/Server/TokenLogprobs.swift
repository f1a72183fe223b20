import JSON

/// Log-probabilities in the shapes of the two endpoints.
struct TokenLogprobs {
    private let tokenizer: Tokenizer
    private var pending: [GeneratedToken] = []
    private var offset = 0

    init(_ tokenizer: Tokenizer) { self.tokenizer = tokenizer }

    mutating func append(_ token: GeneratedToken) { pending.append(token) }

    private func entry(_ id: Int32, _ logprob: Float?) -> JSONObject {
        let bytes = tokenizer.bytes(of: id)
        return [
            "token": .string(String(decoding: bytes, as: UTF8.self)), "logprob": logprob.map { .double(Double($0)) } ?? .null,
            "bytes": .array(bytes.map { .integer(Int($0)) }),
        ]
    }

    /// What came since the last call, for chat: nil where nothing did.
    mutating func takeChat() -> JSON? {
        guard !pending.isEmpty else { return nil }
        defer { pending = [] }
        let content = pending.map { token -> JSON in
            var members = entry(token.id, token.logprob)
            members["top_logprobs"] = .array(token.alternatives.map { .object(entry($0.id, $0.logprob)) })
            return .object(members)
        }
        return ["content": .array(content)]
    }

    /// The same for text completions.
    mutating func takeText() -> JSON? {
        guard !pending.isEmpty else { return nil }
        defer { pending = [] }
        func text(_ id: Int32) -> String { String(decoding: tokenizer.bytes(of: id), as: UTF8.self) }
        var offsets: [JSON] = []
        for token in pending {
            offsets.append(.integer(offset))
            offset += text(token.id).unicodeScalars.count
        }
        return [
            "tokens": .array(pending.map { .string(text($0.id)) }),
            "token_logprobs": .array(pending.map { $0.logprob.map { .double(Double($0)) } ?? .null }),
            "top_logprobs": .array(
                pending.map { token in
                    .object(JSONObject(token.alternatives.map { .init(key: text($0.id), value: .double(Double($0.logprob))) }))
                }),
            "text_offset": .array(offsets),
        ]
    }
}
