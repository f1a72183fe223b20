import JSON

/// One event of a streamed answer. Order and shapes: facts on the API, section 3.1, "SSE".
public enum MessageEvent: Sendable, Equatable {
    public enum Block: Sendable, Equatable {
        case text
        case thinking
        case toolUse(id: String, name: String)
    }
    public enum Delta: Sendable, Equatable {
        case text(String)
        case thinking(String)
        case signature(String)
        case inputJSON(String)
    }

    // The rare and large ones are boxes, so that the many deltas are small.
    indirect case messageStart(id: String, model: String, usage: MessageUsage)
    case blockStart(index: Int, Block)
    case blockDelta(index: Int, Delta)
    case blockStop(index: Int)
    indirect case messageDelta(stop: StopReason, stopSequence: String?, usage: MessageUsage)
    case messageStop
    case ping
    indirect case error(AnthropicError)

    /// The `event:` line.
    public var name: String {
        switch self {
        case .messageStart: "message_start"
        case .blockStart: "content_block_start"
        case .blockDelta: "content_block_delta"
        case .blockStop: "content_block_stop"
        case .messageDelta: "message_delta"
        case .messageStop: "message_stop"
        case .ping: "ping"
        case .error: "error"
        }
    }

    /// The `data:` line.
    public var json: JSON {
        switch self {
        case .messageStart(let id, let model, let usage):
            [
                "type": "message_start",
                "message": MessageAssembly.envelope(id: id, model: model, content: [], stop: nil, stopSequence: nil, usage: usage),
            ]
        case .blockStart(let index, let block):
            ["type": "content_block_start", "index": .integer(index), "content_block": block.json]
        case .blockDelta(let index, let delta):
            ["type": "content_block_delta", "index": .integer(index), "delta": delta.json]
        case .blockStop(let index): ["type": "content_block_stop", "index": .integer(index)]
        case .messageDelta(let stop, let sequence, let usage):
            [
                "type": "message_delta",
                "delta": ["stop_reason": .string(stop.rawValue), "stop_sequence": sequence.map(JSON.string) ?? .null],
                "usage": usage.json,
            ]
        case .messageStop: ["type": "message_stop"]
        case .ping: ["type": "ping"]
        case .error(let error): error.json()
        }
    }

    /// Nothing follows it.
    public var isLast: Bool {
        switch self {
        case .messageStop, .error: true
        default: false
        }
    }

    /// The event as it goes over the wire.
    public var bytes: [UInt8] {
        var bytes: [UInt8] = []
        write(to: &bytes)
        return bytes
    }

    /// Writes `bytes` behind what is there.
    public func write(to bytes: inout [UInt8]) {
        guard case .blockDelta(let index, let delta) = self else {
            bytes += SSEWriter.event(name, data: json.bytes)
            return
        }
        // Nearly all of a stream: the same bytes without a tree. JSON has no line breaks that would have to be split.
        let (type, key, text) = delta.parts
        bytes.append("event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":")
        bytes += String(index).utf8
        bytes.append(",\"delta\":{\"type\":\"")
        bytes.append(type)
        bytes.append("\",\"")
        bytes.append(key)
        bytes.append("\":")
        JSON.write(text, to: &bytes)
        bytes.append("}}\n\n")
    }
}

public enum StopReason: String, Sendable {
    case endTurn = "end_turn"
    case maxTokens = "max_tokens"
    case stopSequence = "stop_sequence"
    case toolUse = "tool_use"
    case refusal
    case contextWindowExceeded = "model_context_window_exceeded"
}

extension MessageEvent.Block {
    var json: JSON {
        switch self {
        case .text: ["type": "text", "text": ""]
        case .thinking: ["type": "thinking", "thinking": "", "signature": ""]
        case .toolUse(let id, let name): ["type": "tool_use", "id": .string(id), "name": .string(name), "input": [:]]
        }
    }
}

extension MessageEvent.Delta {
    fileprivate var parts: (type: StaticString, key: StaticString, text: String) {
        switch self {
        case .text(let text): ("text_delta", "text", text)
        case .thinking(let text): ("thinking_delta", "thinking", text)
        case .signature(let text): ("signature_delta", "signature", text)
        case .inputJSON(let text): ("input_json_delta", "partial_json", text)
        }
    }

    var json: JSON {
        let (type, key, text) = parts
        return ["type": .string(type.description), key.description: .string(text)]
    }
}

extension [UInt8] {
    fileprivate mutating func append(_ text: StaticString) {
        append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }
}
