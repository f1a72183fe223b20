/// The blocks of a message: one after the other, each begun and ended, none blank.
struct MessageBlocks: Sendable {
    enum Kind: Sendable, Equatable { case text, thinking, tool }

    let signature: String
    /// What the blocks of thinking carry beside their text.
    var reasoning: CarriedReasoning
    private(set) var open: Kind?
    /// Of the block that was begun last.
    private(set) var index = -1
    /// White space that begins a text block: kept until a word follows, since a block of nothing else is refused by clients.
    private(set) var space = ""

    init(signature: String, reasoning: CarriedReasoning) {
        self.signature = signature
        self.reasoning = reasoning
    }

    /// Text or thinking, in the open block or one of its own.
    mutating func write(_ kind: Kind, _ text: String, _ events: inout [MessageEvent]) {
        var text = text
        if open != kind {
            if kind == .text {
                guard text.contains(where: { !$0.isWhitespace }) else { return space += text }
                text = space + text
                carryReasoning(&events)
            }
            begin(kind, kind == .text ? .text : .thinking, &events)
        }
        events.append(.blockDelta(index: index, kind == .text ? .text(text) : .thinking(text)))
    }

    mutating func begin(_ kind: Kind, _ block: MessageEvent.Block, _ events: inout [MessageEvent]) {
        close(&events)
        space = ""
        index += 1
        open = kind
        events.append(.blockStart(index: index, block))
    }

    /// The next call of the answer.
    mutating func beginCall(_ upstreamID: String?, message: String, name: String, _ events: inout [MessageEvent]) {
        reasoning.begin(call: upstreamID)
        carryReasoning(beforeCall: true, &events)
        begin(.tool, .toolUse(id: ToolInput.callID(message: message, index: index + 1), name: name), &events)
    }

    /// Tells what no block of thinking has carried yet, in one without words.
    mutating func carryReasoning(beforeCall: Bool = false, _ events: inout [MessageEvent]) {
        if open == .thinking { close(&events) }
        guard reasoning.isWaiting(beforeCall: beforeCall) else { return }
        begin(.thinking, .thinking, &events)
        close(&events)
    }

    mutating func close(_ events: inout [MessageEvent]) {
        guard let kind = open else { return }
        if kind == .thinking { events.append(.blockDelta(index: index, .signature(reasoning.take().text(mark: signature)))) }
        events.append(.blockStop(index: index))
        open = nil
    }
}
