import JSON

/// Chunks folded into the answer of a request without `stream`.
public struct ChatAssembly: Sendable {
    private var id = ""
    private var model = ""
    private var created = 0
    private var content = ""
    private var reasoning = ""
    private var calls: [(id: String, name: String, arguments: String)] = []
    private var reason: OpenAI.FinishReason?
    private var stopString: String?
    private var usage: OpenAI.Usage?
    public private(set) var failure: OpenAI.Failure?

    public init() {}

    public mutating func add(_ output: ChatChunkStream.Output) {
        switch output {
        case .chunk(let chunk): add(chunk)
        case .failure(let failure): self.failure = failure
        case .keepAlive, .end: break
        }
    }

    private mutating func add(_ chunk: OpenAI.ChatChunk) {
        (id, model, created) = (chunk.id, chunk.model, chunk.created)
        usage = chunk.usage ?? usage
        guard let choice = chunk.choices.first else { return }
        content += choice.delta.content ?? ""
        reasoning += choice.delta.reasoning ?? ""
        for call in choice.delta.toolCalls {
            if call.index == calls.count { calls.append((call.id ?? "", call.name ?? "", "")) }
            if calls.indices.contains(call.index) { calls[call.index].arguments += call.arguments ?? "" }
        }
        reason = choice.finishReason ?? reason
        stopString = choice.stopString ?? stopString
    }

    public var response: OpenAI.ChatResponse {
        var message = OpenAI.ChatMessage(role: "assistant")
        // Beside calls, no text is null, as the API has it.
        message.members["content"] = content.isEmpty && !calls.isEmpty ? .null : .string(content)
        if !reasoning.isEmpty { message.reasoning = reasoning }
        message.toolCalls = calls.map { OpenAI.ToolCall(id: $0.id, name: $0.name, arguments: $0.arguments.isEmpty ? "{}" : $0.arguments) }
        return OpenAI.ChatResponse(
            id: id, model: model, created: created,
            choices: [.init(message: message, finishReason: reason, stopString: stopString)], usage: usage)
    }
}
