import JSON

/// Chat messages as turns of the Messages API: results of calls and what the user says after them are one turn, and so are messages of
/// one role that follow each other.
struct ChatTurns {
    /// What stands in front of the conversation.
    private(set) var system: [String] = []
    private(set) var messages: [JSON] = []

    mutating func add(_ message: OpenAI.ChatMessage, at param: String) throws(OpenAI.Failure) {
        switch message.role {
        case "system", "developer":
            guard let text = message.text, !text.isEmpty else { return }
            if messages.isEmpty { return system.append(text) }
            append([Self.text("<system-reminder>\n\(text)\n</system-reminder>")], "user")
        case "user": append(try Self.blocks(of: message.content, at: "\(param).content"), "user")
        case "assistant": append(try Self.assistant(message, at: param), "assistant")
        case "tool":
            guard let id = message.toolCallID else { throw .invalidRequest("`\(param).tool_call_id` is missing", param: param) }
            let content = try Self.blocks(of: message.content, at: "\(param).content")
            append([["type": "tool_result", "tool_use_id": .string(id), "content": .array(content)]], "user")
        case let role: throw .invalidRequest("`\(param).role` is `\(role)`: use system, developer, user, assistant or tool", param: param)
        }
    }

    private mutating func append(_ blocks: [JSON], _ role: String) {
        guard !blocks.isEmpty else { return }
        if let last = messages.last, last["role"]?.stringValue == role, let earlier = last["content"]?.arrayValue {
            messages[messages.count - 1] = ["role": .string(role), "content": .array(earlier + blocks)]
        } else {
            messages.append(["role": .string(role), "content": .array(blocks)])
        }
    }

    /// Thinking is left out: it comes back without the signature by which the API knows it.
    private static func assistant(_ message: OpenAI.ChatMessage, at param: String) throws(OpenAI.Failure) -> [JSON] {
        var blocks = try blocks(of: message.content, at: "\(param).content")
        if blocks.isEmpty, let refusal = message.string("refusal"), !refusal.isEmpty { blocks = [text(refusal)] }
        for (index, call) in message.toolCalls.enumerated() {
            guard let id = call.id, let name = call.name else {
                throw .invalidRequest("`\(param).tool_calls[\(index)]` needs `id` and `function.name`", param: param)
            }
            let input = ToolInput.json(ofArguments: call.arguments ?? "")
            blocks.append(["type": "tool_use", "id": .string(id), "name": .string(name), "input": input])
        }
        return blocks
    }

    private static func blocks(of content: JSON?, at param: String) throws(OpenAI.Failure) -> [JSON] {
        switch content {
        case nil: return []
        case .string(let text)?: return text.isEmpty ? [] : [self.text(text)]
        case .array(let parts)?:
            var blocks: [JSON] = []
            for (index, part) in parts.enumerated() {
                if let block = try block(part, at: "\(param)[\(index)]") { blocks.append(block) }
            }
            return blocks
        case .some(let value): throw .invalidRequest("`\(param)` must be a string or a list, not \(value.typeName)", param: param)
        }
    }

    private static func block(_ part: JSON, at param: String) throws(OpenAI.Failure) -> JSON? {
        switch part["type"]?.stringValue {
        case "text", "refusal":
            guard let text = part["text"]?.stringValue ?? part["refusal"]?.stringValue else {
                throw .invalidRequest("`\(param).text` must be a string", param: param)
            }
            return text.isEmpty ? nil : self.text(text)
        case "image_url":
            guard let url = part["image_url"]?["url"]?.stringValue ?? part["image_url"]?.stringValue else {
                throw .invalidRequest("`\(param).image_url.url` must be a string", param: param)
            }
            return ["type": "image", "source": try source(url, at: param)]
        case "file":
            guard let data = part["file"]?["file_data"]?.stringValue else {
                throw .invalidRequest("`\(param)`: this backend takes a file's content alone, as `file_data`", param: param)
            }
            return ["type": "document", "source": try source(data, at: param)]
        case let type: throw .invalidRequest("`\(param)` is of type `\(type ?? "unknown")`, which this backend cannot be given", param: param)
        }
    }

    private static func text(_ text: String) -> JSON { ["type": "text", "text": .string(text)] }

    private static func source(_ url: String, at param: String) throws(OpenAI.Failure) -> JSON {
        guard url.hasPrefix("data:") else { return ["type": "url", "url": .string(url)] }
        guard let comma = url.firstIndex(of: ","), url[..<comma].hasSuffix(";base64"),
            let type = url[..<comma].dropFirst(5).split(separator: ";").first
        else { throw .invalidRequest("`\(param)`: a data URL must have a type and be base64: `data:image/png;base64,…`", param: param) }
        return ["type": "base64", "media_type": .string(String(type)), "data": .string(String(url[url.index(after: comma)...]))]
    }
}
