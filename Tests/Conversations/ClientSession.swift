import JSON

/// The requests of one session as the client sends them: its shapes (facts on the client, section 3) in words of our own.
///
/// The history is kept as the client keeps it, and each request is made from it anew: with the breakpoint on its last block, a text
/// alone as a string in all later ones.
public struct ClientSession: Sendable {
    public var sessionID: String
    public var agentID: String?
    public var tools: [JSON]
    public private(set) var bodies: [JSON] = []
    private var history: [Turn] = []
    private let system: [JSON]
    private var calls = 0

    private struct Turn: Sendable {
        var role: String
        var blocks: [JSON]
    }

    /// - Parameters:
    ///   - release: what the client's attribution block says; it depends on the first prompt.
    ///   - folder: the working directory, which the client's instructions on its memory name.
    public init(
        _ sessionID: String, agentID: String? = nil, tools: [JSON] = ClientTools.first, release: String = "a1b", folder: String = "/home/u/work"
    ) {
        self.sessionID = sessionID
        self.agentID = agentID
        self.tools = tools
        let marked: JSON = ["type": "ephemeral"]
        let rules = (1...20).map { "Rule \($0): say what was done, and nothing that was not." }.joined(separator: "\n")
        let memory =
            "Notes of this folder are kept below /home/u/.notes\(folder)/memory.\n" + String(repeating: "Read them before you begin. ", count: 40)
        system = [
            ["type": "text", "text": .string("x-anthropic-billing-header: cc_version=2.1.329.\(release); cc_entrypoint=sdk-cli;")],
            ["type": "text", "text": "You are a helper at the command line.", "cache_control": marked],
            ["type": "text", "text": .string("\(rules)\n\n\(memory)"), "cache_control": marked],
        ]
    }

    // MARK: what is said

    public mutating func say(_ text: String) { add("user", [Self.text(text)]) }

    /// A reminder of the client in mid-conversation.
    public mutating func remind(_ text: String) { add("system", [Self.text(text)]) }

    public mutating func answer(_ text: String, thinking: String? = nil) {
        add("assistant", (thinking.map { [Self.thought($0)] } ?? []) + [Self.text(text)])
    }

    /// - Returns: the ids of the calls.
    public mutating func call(_ inputs: [(name: String, input: JSON)], saying text: String? = nil, thinking: String? = nil) -> [String] {
        let ids = inputs.map { _ in
            calls += 1
            return "toolu_\(sessionID)_\(calls)"
        }
        var blocks = (thinking.map { [Self.thought($0)] } ?? []) + (text.map { [Self.text($0)] } ?? [])
        for (id, call) in zip(ids, inputs) {
            blocks.append(["type": "tool_use", "id": .string(id), "name": .string(call.name), "input": call.input])
        }
        add("assistant", blocks)
        return ids
    }

    /// In the order in which they are given, which need not be that of the calls.
    public mutating func results(_ results: [(id: String, content: JSON)], isError: Bool = false) {
        add(
            "user",
            results.map { result in
                var block: JSONObject = ["tool_use_id": .string(result.id), "type": "tool_result", "content": result.content]
                if isError { block["is_error"] = true }
                return .object(block)
            })
    }

    /// What the client keeps after `/compact`: a summary in the place of all that was said.
    public mutating func compacted(summary: String) {
        history = [Turn(role: "user", blocks: [Self.text("The conversation so far, in short: \(summary)")])]
        // Its reminders follow as turns of their own.
        history.append(Turn(role: "user", blocks: [Self.text("Go on from there.")]))
        history.append(Turn(role: "system", blocks: [Self.text(Self.reminder)]))
    }

    public static let reminder = "Environment: Linux.\n" + String(repeating: "A tool named in this list can be searched for. ", count: 30)

    // MARK: requests

    public mutating func send() {
        let last = history.indices.last
        let messages = history.enumerated().map { index, turn in Self.message(turn, isLast: index == last) }
        bodies.append([
            "model": "qwen3-coder-local", "messages": .array(messages), "system": .array(system), "tools": .array(tools),
            "metadata": ["user_id": .string(#"{"device_id":"d","account_uuid":"","session_id":"\#(sessionID)"}"#)], "max_tokens": 32000,
            "thinking": ["type": "adaptive", "display": "omitted"],
            "context_management": ["edits": [["type": "clear_thinking_20251015", "keep": "all"]]], "output_config": ["effort": "high"],
            "stream": true,
        ])
    }

    private static func message(_ turn: Turn, isLast: Bool) -> JSON {
        if !isLast, turn.role != "assistant", turn.blocks.count == 1, let text = turn.blocks[0]["text"] {
            return ["role": .string(turn.role), "content": text]
        }
        var blocks = turn.blocks
        if isLast, var block = blocks.last?.objectValue {
            block["cache_control"] = ["type": "ephemeral"]
            blocks[blocks.count - 1] = .object(block)
        }
        return ["role": .string(turn.role), "content": .array(blocks)]
    }

    private mutating func add(_ role: String, _ blocks: [JSON]) { history.append(Turn(role: role, blocks: blocks)) }
    private static func text(_ text: String) -> JSON { ["type": "text", "text": .string(text)] }

    /// The mark of the backend whose answers the client keeps, with what a server that says more of its reasoning wants back.
    static let mark = "anyclaude.v1.local"
    private static func thought(_ text: String) -> JSON {
        let details: JSON = ["details": [["type": "reasoning.text", "text": .string(text), "signature": "S", "index": 0]]]
        return ["type": "thinking", "thinking": .string(text), "signature": .string(mark + details.text)]
    }
}
