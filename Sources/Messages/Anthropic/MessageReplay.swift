import JSON

/// A kept message told again as the events of a stream.
public enum MessageReplay {
    /// - Parameters:
    ///   - message: what `MessageAssembly.json` gave.
    ///   - id: the id under which the answer is delivered now; clients merge answers that share one.
    /// - Returns: nil where the value is not such a message.
    public static func events(of message: JSON, id: String, model: String) -> [MessageEvent]? {
        guard let content = message["content"]?.arrayValue, let stop = message["stop_reason"]?.stringValue.flatMap(StopReason.init(rawValue:)) else {
            return nil
        }
        let usage = MessageUsage(message["usage"])
        var start = usage
        start.output = 0
        start.thinking = nil
        var events: [MessageEvent] = [.messageStart(id: id, model: model, usage: start)]
        for (index, block) in content.enumerated() {
            guard let parts = parts(of: block, id: id, index: index) else { return nil }
            events.append(.blockStart(index: index, parts.block))
            events += parts.deltas.map { .blockDelta(index: index, $0) }
            events.append(.blockStop(index: index))
        }
        events.append(.messageDelta(stop: stop, stopSequence: message["stop_sequence"]?.stringValue, usage: usage))
        events.append(.messageStop)
        return events
    }

    private static func parts(of block: JSON, id: String, index: Int) -> (block: MessageEvent.Block, deltas: [MessageEvent.Delta])? {
        switch block["type"]?.stringValue {
        case "text": return (.text, pieces(of: block["text"]?.stringValue ?? "").map { .text($0) })
        case "thinking":
            let signature = MessageEvent.Delta.signature(block["signature"]?.stringValue ?? "")
            return (.thinking, pieces(of: block["thinking"]?.stringValue ?? "").map { .thinking($0) } + [signature])
        case "tool_use":
            guard let name = block["name"]?.stringValue else { return nil }
            return (
                .toolUse(id: ToolInput.callID(message: id, index: index), name: name), [.inputJSON(ToolInput.arguments(of: block["input"] ?? [:]))]
            )
        default: return nil
        }
    }

    /// Chunks of at most 256 characters: a client that draws while it reads still draws.
    private static func pieces(of text: String) -> [String] {
        var pieces: [String] = []
        var rest = Substring(text)
        while !rest.isEmpty {
            pieces.append(String(rest.prefix(256)))
            rest = rest.dropFirst(256)
        }
        return pieces
    }
}
