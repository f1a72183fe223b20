import JSON
import Messages

/// A whole answer put together from its events.
struct AnswerAssembly {
    private var text: String?
    private var reasoning: String?
    private var calls: [(id: String, name: String, arguments: String)] = []

    mutating func add(_ events: [OutputEvent]) {
        for event in events {
            switch event {
            case .text(let more): text = (text ?? "") + more
            case .reasoning(let more): reasoning = (reasoning ?? "") + more
            case .toolCallStarted(_, let id, let name): calls.append((id, name, ""))
            case .argumentsDelta(let index, let more): if calls.indices.contains(index) { calls[index].arguments += more }
            case .toolCallFinished: break
            }
        }
    }

    var message: OpenAI.ChatMessage {
        // The API says null where there is nothing but calls.
        var message = OpenAI.ChatMessage(role: "assistant", content: text.map(JSON.string) ?? (calls.isEmpty ? "" : .null))
        message.reasoning = reasoning
        message.toolCalls = calls.map { OpenAI.ToolCall(id: $0.id, name: $0.name, arguments: $0.arguments) }
        return message
    }
}
