import JSON

extension Conversation {
    /// What an assistant turn says until it is closed.
    struct AssistantTurn {
        var parts = ContentParts()
        var thinking: [String] = []
        var calls: [JSON] = []
        /// The server's own account of the reasoning.
        var details: [JSON] = []
    }

    mutating func addAssistant(_ blocks: [ContentBlock], at path: String) throws(AnthropicError) {
        if assistant == nil {
            closeUser()
            // Templates are made for conversations that a user begins.
            if messages.allSatisfy({ $0["role"] == "system" }) {
                messages.append(["role": "user", "content": "[the conversation begins with the assistant]"])
            }
        }
        var turn = assistant ?? AssistantTurn()
        assistant = nil
        let carried = carried(by: blocks)
        turn.details += carried.details
        var callCount = 0
        for (index, block) in blocks.enumerated() {
            switch block {
            case .thinking(let text, _): if !text.isEmpty { turn.thinking.append(text) }
            case .toolUse(let id, let name, let input):
                turn.calls.append([
                    "id": .string(calls.add(id, as: carried.calls[callCount])), "type": "function",
                    "function": ["name": .string(ToolNames.wire(name)), "arguments": .string(ToolInput.arguments(of: input))],
                ])
                callCount += 1
            case .other("tool_search_tool_result", _):
                // The assistant does not say such a thing; it is told behind its turn.
                for (name, _) in block.lateTools { try addToUser(.toolReference(name: name), at: "\(path).\(index)") }
            default: try turn.parts.add(block, dialect: dialect, at: "\(path).\(index)")
            }
        }
        assistant = turn
    }

    /// What the thinking of one answer carries for this backend.
    private func carried(by blocks: [ContentBlock]) -> ReasoningSignature {
        var carried = ReasoningSignature()
        guard let signature else { return carried }
        for case .thinking(_, let text) in blocks {
            guard let part = ReasoningSignature(text, mark: signature) else { continue }
            carried.details += part.details
            carried.calls.merge(part.calls) { $1 }
            if part.isCut { carried.isCut = true }
        }
        guard !carried.isCut else { return ReasoningSignature() }
        carried.details = ReasoningDetails(carried.details).all
        return carried
    }

    mutating func closeAssistant() {
        guard var turn = assistant else { return }
        assistant = nil
        _ = turn.parts.takeAttachments()
        var message: JSONObject = ["role": "assistant"]
        if let member = dialect.reasoningMember, !turn.thinking.isEmpty { message[member] = .string(turn.thinking.joined(separator: "\n\n")) }
        if !turn.details.isEmpty { message["reasoning_details"] = .array(turn.details) }
        let text = JSON.string(turn.parts.joined)
        if turn.calls.isEmpty {
            message["content"] = text
        } else if turn.parts.isEmpty {
            message["content"] = dialect.takesNullContent ? .null : ""
        } else if dialect.separatesContentFromToolCalls {
            message["content"] = text
            messages.append(.object(message))
            message = ["role": "assistant", "content": .null]
        } else {
            message["content"] = text
        }
        if !turn.calls.isEmpty { message["tool_calls"] = .array(turn.calls) }
        if dialect.keepsCacheControl, let cacheControl = turn.parts.cacheControl { message["cache_control"] = cacheControl }
        messages.append(.object(message))
    }
}
