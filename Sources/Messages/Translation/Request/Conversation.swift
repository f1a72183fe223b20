import JSON

/// The turns of a conversation as chat messages.
///
/// The result for a conversation is the beginning of the result for its continuation, whatever answer follows: a server that
/// keeps its KV cache by prefix never computes a turn twice. So each rule looks back, never ahead, but within one exchange
/// (an assistant's calls and their results), and nothing moves to the front.
struct Conversation {
    let dialect: BackendDialect
    let keepsInlineSystem: Bool
    /// The mark of thinking whose details are sent back; nil where none are.
    let signature: String?
    var messages: [JSON] = []
    /// The open assistant turn; closed by what follows it, so that two in a row are one.
    var assistant: AssistantTurn?
    /// The open user turn; closed by the next assistant turn.
    var user = ContentParts()
    var userIsOpen = false
    /// The calls of the last assistant turn.
    var calls = PendingCalls()
    /// Pictures and files among the results: they stand behind all of them.
    var resultAttachments: [JSON] = []
    /// The tools that are told where they are first named, until they are.
    private var untoldTools: [String: JSON]

    private init(dialect: BackendDialect, keepsInlineSystem: Bool, signature: String?, lateTools: [String: JSON]) {
        self.dialect = dialect
        self.keepsInlineSystem = keepsInlineSystem
        self.signature = dialect.keepsReasoningDetails ? signature : nil
        untoldTools = lateTools
    }

    /// - Parameters:
    ///   - hasSystem: a system message stands before the turns.
    ///   - signature: the backend's own mark on thinking blocks.
    ///   - lateTools: functions, by the client's names, that are told where the conversation first names them.
    static func messages(
        of turns: [MessagesRequest.Turn], dialect: BackendDialect, keepsInlineSystem: Bool, hasSystem: Bool = false, signature: String? = nil,
        lateTools: [String: JSON] = [:]
    ) throws(AnthropicError) -> [JSON] {
        var conversation = Conversation(
            dialect: dialect, keepsInlineSystem: keepsInlineSystem, signature: signature, lateTools: lateTools)
        var isHead = !hasSystem
        for (index, turn) in turns.enumerated() {
            let path = "messages.\(index).content"
            if turn.role != .system { isHead = false }
            switch turn.role {
            case .user: try conversation.addUser(turn.content, at: path)
            case .assistant: try conversation.addAssistant(turn.content, at: path)
            case .system: try conversation.addSystem(turn.content, isHead: isHead, at: path)
            }
        }
        conversation.close()
        return conversation.messages
    }

    /// Whatever the conversation ends with, its calls have results.
    private mutating func close() {
        closeAssistant()
        if !calls.isEmpty { userIsOpen = true }
        closeUser()
        if messages.allSatisfy({ $0["role"] == "system" }) { messages.append(["role": "user", "content": ""]) }
    }

    /// Blocks as parts, with the tools that they are the first to name.
    mutating func parts(of blocks: [ContentBlock], at path: String) throws(AnthropicError) -> ContentParts {
        var parts = ContentParts()
        for (index, block) in blocks.enumerated() {
            try parts.add(block, dialect: dialect, at: "\(path).\(index)")
            parts.add(lateTools: toolsFirstNamed(by: block))
        }
        return parts
    }

    mutating func toolsFirstNamed(by block: ContentBlock) -> [JSON] {
        guard !untoldTools.isEmpty else { return [] }
        return block.lateTools.compactMap { untoldTools.removeValue(forKey: $0.name) }
    }

    mutating func addToUser(_ block: ContentBlock, at path: String) throws(AnthropicError) {
        try user.add(block, dialect: dialect, at: path)
        let tools = toolsFirstNamed(by: block)
        user.add(lateTools: tools)
        userIsOpen = true
    }

    mutating func append(_ message: JSONObject, lateTools: [JSON]) {
        var message = message
        if !lateTools.isEmpty { message[Native.lateToolsMember] = .array(lateTools) }
        messages.append(.object(message))
    }
}
