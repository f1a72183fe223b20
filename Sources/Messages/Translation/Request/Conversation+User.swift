import JSON

extension Conversation {
    mutating func addUser(_ blocks: [ContentBlock], at path: String) throws(AnthropicError) {
        closeAssistant()
        for (index, block) in blocks.enumerated() {
            let place = "\(path).\(index)"
            guard case .toolResult(let result) = block else {
                try addToUser(block, at: place)
                continue
            }
            var parts = try parts(of: result.content, at: "\(place).content")
            let attachments = parts.takeAttachments()
            if parts.isEmpty, !attachments.isEmpty { parts.add(text: "[the result follows]") }
            if let cacheControl = result.cacheControl { parts.mark(cacheControl) }
            resultAttachments += attachments
            if calls.answer(result.id, parts, isError: result.isError) { continue }
            // No call asks for it: as text it is neither lost nor refused.
            let text = (result.isError ? "Error: " : "") + parts.joined
            user.add(text: "[result of tool call \(result.id)]\n\(text)")
            user.add(lateTools: parts.lateTools)
        }
        userIsOpen = true
    }

    /// Results stand right behind their calls and in their order, the pictures among them after all of them, then the user's words.
    mutating func closeUser() {
        guard userIsOpen else { return }
        for call in calls.all { append(message(of: call), lateTools: call.result?.lateTools ?? []) }
        for attachment in resultAttachments { user.add(attachment: attachment) }
        if !user.isEmpty || calls.isEmpty {
            append(["role": "user", "content": user.content(dialect)], lateTools: user.lateTools)
        }
        user = ContentParts()
        userIsOpen = false
        calls.removeAll()
        resultAttachments = []
    }

    private func message(of call: PendingCalls.Call) -> JSONObject {
        let text = (call.isError ? "Error: " : "") + (call.result.map(\.joined) ?? "[no result]")
        var message: JSONObject = ["role": "tool", "tool_call_id": .string(call.id), "content": .string(text)]
        // Servers that keep breakpoints take them beside the content of a tool's message.
        if dialect.keepsCacheControl, let cacheControl = call.result?.cacheControl { message["cache_control"] = cacheControl }
        return message
    }

    // MARK: system

    /// - Parameter isHead: nothing stands before it, no system prompt either.
    mutating func addSystem(_ blocks: [ContentBlock], isHead: Bool, at path: String) throws(AnthropicError) {
        let parts = try parts(of: blocks, at: path)
        guard !parts.isEmpty else { return }
        if isHead, messages.isEmpty {
            return append(["role": "system", "content": parts.content(dialect)], lateTools: parts.lateTools)
        }
        // Nothing may stand between a call and its result, and nothing before the first user turn but one system prompt.
        if keepsInlineSystem, !calls.areWaiting, userIsOpen || assistant != nil || !messages.allSatisfy({ $0["role"] == "system" }) {
            closeAssistant()
            closeUser()
            return append(["role": "system", "content": parts.content(dialect)], lateTools: parts.lateTools)
        }
        closeAssistant()
        let reminder = "<system-reminder>\n\(parts.joined)\n</system-reminder>"
        // A user turn behind results would change how templates render the calls before them: the last result takes the words.
        let mayJoin = !calls.areWaiting && user.isEmpty && resultAttachments.isEmpty
        if mayJoin, calls.addToLast(reminder, lateTools: parts.lateTools) { return }
        user.add(text: reminder)
        user.add(lateTools: parts.lateTools)
        userIsOpen = true
    }
}
