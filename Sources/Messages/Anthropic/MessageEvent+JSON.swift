import JSON

extension MessageEvent {
    /// The event of a `data:` line of the Anthropic API. Its name is its `type`, as the `event:` line says it again.
    ///
    /// - Returns: nil for what a chat completion has no place for: events, blocks and deltas of kinds that are not known here, blocks
    ///   of tools that run at the API, and thinking that cannot be read.
    public init?(_ json: JSON) {
        let index = json["index"]?.intValue ?? 0
        switch json["type"]?.stringValue {
        case "message_start":
            let message = json["message"]
            self = .messageStart(
                id: message?["id"]?.stringValue ?? "", model: message?["model"]?.stringValue ?? "", usage: MessageUsage(message?["usage"]))
        case "content_block_start":
            guard let block = json["content_block"].flatMap(Block.init) else { return nil }
            self = .blockStart(index: index, block)
        case "content_block_delta":
            guard let delta = json["delta"].flatMap(Delta.init) else { return nil }
            self = .blockDelta(index: index, delta)
        case "content_block_stop": self = .blockStop(index: index)
        case "message_delta":
            let delta = json["delta"]
            guard let reason = delta?["stop_reason"]?.stringValue else { return nil }
            self = .messageDelta(
                stop: StopReason(rawValue: reason) ?? .endTurn, stopSequence: delta?["stop_sequence"]?.stringValue, usage: MessageUsage(json["usage"])
            )
        case "message_stop": self = .messageStop
        case "ping": self = .ping
        case "error": self = .error(AnthropicError(json["error"]))
        default: return nil
        }
    }
}

extension MessageEvent.Block {
    init?(_ json: JSON) {
        switch json["type"]?.stringValue {
        case "text": self = .text
        case "thinking": self = .thinking
        case "tool_use":
            guard let id = json["id"]?.stringValue, let name = json["name"]?.stringValue else { return nil }
            self = .toolUse(id: id, name: name)
        default: return nil
        }
    }
}

extension MessageEvent.Delta {
    init?(_ json: JSON) {
        func text(_ key: String) -> String? { json[key]?.stringValue }
        let delta: Self? =
            switch json["type"]?.stringValue {
            case "text_delta": text("text").map(Self.text)
            case "thinking_delta": text("thinking").map(Self.thinking)
            case "signature_delta": text("signature").map(Self.signature)
            case "input_json_delta": text("partial_json").map(Self.inputJSON)
            default: nil
            }
        guard let delta else { return nil }
        self = delta
    }
}

extension AnthropicError {
    /// The `error` of a body or of an event.
    ///
    /// - Parameter status: that of the response; decides where the type is not known here.
    public init(_ error: JSON?, status: Int = 500) {
        let type = error?["type"]?.stringValue
        let kind = type.flatMap(Kind.init(rawValue:)) ?? Kind.allCases.first { $0.status == status } ?? (status < 500 ? .invalidRequest : .api)
        self.init(kind, error?["message"]?.stringValue ?? type ?? "the API reported an error without a message")
    }
}
