import JSON

/// The turns of a conversation as chat messages.
///
/// The result for a conversation is the beginning of the result for its continuation, whatever answer follows: a server that
/// keeps its KV cache by prefix never computes a turn twice. So each rule looks back, never ahead, but within one exchange
/// (an assistant's calls and their results), and nothing moves to the front.
struct Conversation {
    private let dialect: BackendDialect
    private let keepsInlineSystem: Bool
    private var messages: [JSON] = []
    /// The open user turn; closed by the next assistant turn.
    private var user = ContentParts()
    private var userIsOpen = false
    /// The calls of the last assistant turn, those of them that wait for their result, and what came back.
    private var calls: [String] = []
    private var waiting: Set<String> = []
    private var results: [String: String] = [:]
    private var resultImages = ContentParts()

    private init(dialect: BackendDialect, keepsInlineSystem: Bool) {
        self.dialect = dialect
        self.keepsInlineSystem = keepsInlineSystem
    }

    static func messages(
        of turns: [MessagesRequest.Turn], dialect: BackendDialect, keepsInlineSystem: Bool
    ) throws(AnthropicError) -> [JSON] {
        var conversation = Conversation(dialect: dialect, keepsInlineSystem: keepsInlineSystem)
        for (index, turn) in turns.enumerated() {
            switch turn.role {
            case .user: try conversation.addUser(turn.content, at: "messages.\(index).content")
            case .assistant: try conversation.addAssistant(turn.content, at: "messages.\(index).content")
            case .system: try conversation.addSystem(turn.content, at: "messages.\(index).content")
            }
        }
        conversation.closeUser()
        return conversation.messages
    }

    // MARK: user

    private mutating func addUser(_ blocks: [ContentBlock], at path: String) throws(AnthropicError) {
        for (index, block) in blocks.enumerated() {
            let place = "\(path).\(index)"
            guard case .toolResult(let id, let content, let isError) = block else {
                try user.add(block, dialect: dialect, at: place)
                continue
            }
            var parts = ContentParts()
            for (inner, part) in content.enumerated() {
                if case .image(let source) = part, source.isSendable, dialect.images == .parts {
                    try resultImages.add(part, dialect: dialect, at: place)
                } else {
                    try parts.add(part, dialect: dialect, at: "\(place).content.\(inner)")
                }
            }
            let text = (isError ? "Error: " : "") + parts.joined
            if waiting.remove(id) != nil {
                results[id] = text
            } else {
                // No call asks for it: as text it is neither lost nor refused.
                user.add(text: "[result of tool call \(id)]\n\(text)")
            }
        }
        userIsOpen = true
    }

    /// Results stand right behind their calls and in their order, the pictures among them after all of them, then the user's words.
    private mutating func closeUser() {
        guard userIsOpen else { return }
        for id in calls {
            messages.append(["role": "tool", "tool_call_id": .string(id), "content": .string(results[id] ?? "[no result]")])
        }
        for image in resultImages.images { user.add(imagePart: image) }
        if !user.isEmpty || calls.isEmpty { messages.append(["role": "user", "content": user.content(dialect)]) }
        user = ContentParts()
        userIsOpen = false
        calls = []
        waiting = []
        results = [:]
        resultImages = ContentParts()
    }

    // MARK: system

    private mutating func addSystem(_ blocks: [ContentBlock], at path: String) throws(AnthropicError) {
        var parts = ContentParts()
        for (index, block) in blocks.enumerated() { try parts.add(block, dialect: dialect, at: "\(path).\(index)") }
        guard !parts.isEmpty else { return }
        // Nothing may stand between a call and its result.
        if keepsInlineSystem, waiting.isEmpty {
            closeUser()
            messages.append(["role": "system", "content": parts.content(dialect)])
            return
        }
        let reminder = "<system-reminder>\n\(parts.joined)\n</system-reminder>"
        // A user turn behind results would change how templates render the calls before them: the last result takes the words.
        if waiting.isEmpty, user.isEmpty, resultImages.isEmpty, let last = calls.last {
            results[last, default: ""] += "\n\n" + reminder
        } else {
            user.add(text: reminder)
            userIsOpen = true
        }
    }

    // MARK: assistant

    private mutating func addAssistant(_ blocks: [ContentBlock], at path: String) throws(AnthropicError) {
        // Calls without any user turn behind them would leave the next assistant turn before their results.
        if !calls.isEmpty { userIsOpen = true }
        closeUser()
        var parts = ContentParts()
        var thinking: [String] = []
        var toolCalls: [JSON] = []
        for (index, block) in blocks.enumerated() {
            switch block {
            case .thinking(let text, _): if !text.isEmpty { thinking.append(text) }
            case .toolUse(let id, let name, let input):
                calls.append(id)
                waiting.insert(id)
                toolCalls.append([
                    "id": .string(id), "type": "function",
                    "function": ["name": .string(ToolNames.wire(name)), "arguments": .string(ToolInput.arguments(of: input))],
                ])
            default: try parts.add(block, dialect: dialect, at: "\(path).\(index)")
            }
        }
        var message: JSONObject = ["role": "assistant"]
        if let member = dialect.reasoningMember, !thinking.isEmpty { message[member] = .string(thinking.joined(separator: "\n\n")) }
        if toolCalls.isEmpty {
            message["content"] = .string(parts.joined)
        } else if parts.isEmpty {
            message["content"] = .null
        } else if dialect.separatesContentFromToolCalls {
            message["content"] = .string(parts.joined)
            messages.append(.object(message))
            message = ["role": "assistant", "content": .null]
        } else {
            message["content"] = .string(parts.joined)
        }
        if !toolCalls.isEmpty { message["tool_calls"] = .array(toolCalls) }
        messages.append(.object(message))
    }
}

extension [MessagesRequest.Turn] {
    /// The tools that `tool_reference` blocks have named so far, in order.
    public var referencedTools: [String] {
        var names: [String] = []
        var seen: Set<String> = []
        for turn in self {
            for case .toolResult(_, let content, _) in turn.content {
                for case .toolReference(let name) in content where seen.insert(name).inserted { names.append(name) }
            }
        }
        return names
    }
}

extension ImageSource {
    fileprivate var isSendable: Bool {
        if case .other = self { false } else { true }
    }
}
