import JSON

/// The leading system prompt as chat messages.
enum SystemPrompt {
    /// Changes from session to session and would end every shared prefix at its first bytes; only the Anthropic API reads it.
    private static let attribution = "x-anthropic-billing-header:"

    /// What a model is told of the blocks.
    static func texts(of blocks: [ContentBlock]) -> [(text: String, cacheControl: JSON?)] {
        blocks.compactMap { block in
            guard case .text(let text, let cacheControl) = block, !text.isEmpty, !text.hasPrefix(attribution) else { return nil }
            return (text, cacheControl)
        }
    }

    static func messages(of blocks: [ContentBlock], dialect: BackendDialect) -> [JSON] {
        let texts = texts(of: blocks)
        guard !texts.isEmpty else { return [] }
        if dialect.keepsCacheControl, texts.contains(where: { $0.cacheControl != nil }) {
            return [["role": "system", "content": .array(texts.map { TextPart.json($0.text, cacheControl: $0.cacheControl) })]]
        }
        return [["role": "system", "content": .string(texts.map(\.text).joined(separator: "\n\n"))]]
    }
}

enum TextPart {
    static func json(_ text: String, cacheControl: JSON? = nil) -> JSON {
        var part: JSONObject = ["type": "text", "text": .string(text)]
        if let cacheControl { part["cache_control"] = cacheControl }
        return .object(part)
    }
}
