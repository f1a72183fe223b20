import JSON

/// The leading system prompt as chat messages.
enum SystemPrompt {
    /// Changes from session to session and would end every shared prefix at its first bytes; only the Anthropic API reads it.
    private static let attribution = "x-anthropic-billing-header:"

    /// What a model is told of the blocks, each by itself.
    static func texts(of blocks: [ContentBlock]) -> [String] {
        blocks.compactMap { block in
            if case .text(let text, _) = block, !text.isEmpty, !text.hasPrefix(attribution) { text } else { nil }
        }
    }

    static func messages(of blocks: [ContentBlock], dialect: BackendDialect) throws(AnthropicError) -> [JSON] {
        var parts = ContentParts()
        for (index, block) in blocks.enumerated() {
            if case .text(let text, _) = block, text.hasPrefix(attribution) { continue }
            try parts.add(block, dialect: dialect, at: "system.\(index)")
        }
        _ = parts.takeAttachments()
        return parts.isEmpty ? [] : [["role": "system", "content": parts.content(dialect)]]
    }
}
