import JSON

/// Events folded into the message that a request without `stream` is answered with, and that the response cache keeps.
public struct MessageAssembly: Sendable {
    private enum Block: Sendable {
        case text(String)
        case thinking(String, signature: String)
        case toolUse(id: String, name: String, input: String)
    }
    private var id = ""
    private var model = ""
    private var blocks: [Block] = []
    public private(set) var usage = MessageUsage()
    public private(set) var stop: StopReason?
    private var stopSequence: String?
    /// `message_stop` was seen: the message is whole.
    public private(set) var isComplete = false
    public private(set) var error: AnthropicError?

    public init() {}

    public mutating func add(_ event: MessageEvent) {
        switch event {
        case .messageStart(let id, let model, let usage):
            self.id = id
            self.model = model
            self.usage = usage
        case .blockStart(_, .text): blocks.append(.text(""))
        case .blockStart(_, .thinking): blocks.append(.thinking("", signature: ""))
        case .blockStart(_, .toolUse(let id, let name)): blocks.append(.toolUse(id: id, name: name, input: ""))
        case .blockDelta(let index, let delta): append(delta, to: index)
        case .messageDelta(let stop, let sequence, let usage):
            self.stop = stop
            stopSequence = sequence
            self.usage = usage
        case .messageStop: isComplete = true
        case .error(let error): self.error = error
        case .blockStop, .ping: break
        }
    }

    private mutating func append(_ delta: MessageEvent.Delta, to index: Int) {
        guard blocks.indices.contains(index) else { return }
        // The block leaves the array while it grows, so that its text is never shared, and so never copied.
        let block = blocks[index]
        blocks[index] = .text("")
        switch (consume block, delta) {
        case (.text(var text), .text(let more)):
            text += more
            blocks[index] = .text(text)
        case (.thinking(var text, let signature), .thinking(let more)):
            text += more
            blocks[index] = .thinking(text, signature: signature)
        case (.thinking(let text, _), .signature(let signature)): blocks[index] = .thinking(text, signature: signature)
        case (.toolUse(let id, let name, var input), .inputJSON(let more)):
            input += more
            blocks[index] = .toolUse(id: id, name: name, input: input)
        case (let other, _): blocks[index] = other
        }
    }

    /// The message so far, as `/v1/messages` answers it.
    public var json: JSON {
        Self.envelope(id: id, model: model, content: blocks.map(Self.json(of:)), stop: stop, stopSequence: stopSequence, usage: usage)
    }

    private static func json(of block: Block) -> JSON {
        switch block {
        case .text(let text): ["type": "text", "text": .string(text)]
        case .thinking(let text, let signature): ["type": "thinking", "thinking": .string(text), "signature": .string(signature)]
        case .toolUse(let id, let name, let input):
            ["type": "tool_use", "id": .string(id), "name": .string(name), "input": ToolInput.json(ofArguments: input)]
        }
    }

    static func envelope(id: String, model: String, content: [JSON], stop: StopReason?, stopSequence: String?, usage: MessageUsage) -> JSON {
        [
            "id": .string(id), "type": "message", "role": "assistant", "model": .string(model), "content": .array(content),
            "stop_reason": stop.map { .string($0.rawValue) } ?? .null, "stop_sequence": stopSequence.map(JSON.string) ?? .null,
            "usage": usage.json,
        ]
    }
}
