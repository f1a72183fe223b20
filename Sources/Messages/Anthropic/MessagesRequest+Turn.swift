import JSON

extension MessagesRequest.Turn {
    /// - Parameter path: `messages.1`
    init(_ json: JSON, at path: String, _ version: APIVersion) throws(AnthropicError) {
        guard let object = json.objectValue else { throw .invalid("\(path): Input should be an object, found \(json.typeName)") }
        switch object["role"]?.stringValue {
        // `ctx` and `msg` come from some releases of the client and mean what a user turn means.
        case "user", "ctx", "msg": role = .user
        case "assistant": role = .assistant
        case "system": role = .system
        case let other?: throw .invalid("\(path).role: Input should be 'user', 'assistant' or 'system', found '\(other)'")
        case nil: throw .invalid("\(path).role: Field required")
        }
        // A system turn may say nothing but how hard the next answer is to be tried.
        let mayBeSilent = role == .system && object["output_config"] != nil
        guard let content = object["content"] ?? (mayBeSilent ? JSON?.some([]) : JSON?.none) else {
            throw .invalid("\(path).content: Field required")
        }
        self.content = try ContentBlock.list(content, at: "\(path).content")
        try checkPlaces(at: "\(path).content")
        if version == .of2026 { try checkNewerRules(content, at: "\(path).content") }
    }

    /// Where they stand otherwise, calls and results would be lost in silence.
    private func checkPlaces(at path: String) throws(AnthropicError) {
        for (index, block) in content.enumerated() {
            switch block {
            case .toolUse where role != .assistant:
                throw .invalid("\(path).\(index): `tool_use` blocks can only be in `assistant` messages")
            case .thinking where role != .assistant, .redactedThinking where role != .assistant:
                throw .invalid("\(path).\(index): `thinking` blocks can only be in `assistant` messages")
            case .toolResult where role != .user: throw .invalid("\(path).\(index): `tool_result` blocks can only be in `user` messages")
            case .image where role == .system: throw .invalid("\(path).\(index): `image` blocks cannot be in `system` messages")
            case .document where role == .system: throw .invalid("\(path).\(index): `document` blocks cannot be in `system` messages")
            default: break
            }
        }
    }

    private func checkNewerRules(_ json: JSON, at path: String) throws(AnthropicError) {
        for (index, block) in content.enumerated() {
            switch block {
            case .document where role == .assistant:
                throw .invalid("\(path).\(index): `document` blocks are not permitted in `assistant` messages")
            case .text where role == .user && json[index]?["citations"]?.arrayValue?.isEmpty == false:
                throw .invalid("\(path).\(index).text.citations: citations are not permitted on the text of `user` messages")
            default: break
            }
        }
    }
}
