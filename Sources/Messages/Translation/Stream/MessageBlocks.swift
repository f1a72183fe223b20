/// The blocks of a message: one after the other, each begun and ended, none blank.
struct MessageBlocks: Sendable {
    enum Kind: Sendable, Equatable { case text, thinking, tool }

    let signature: String
    private(set) var open: Kind?
    /// Of the block that was begun last.
    private(set) var index = -1
    /// White space that begins a text block: kept until a word follows, since a block of nothing else is refused by clients.
    private(set) var space = ""

    init(signature: String) { self.signature = signature }

    /// Text or thinking, in the open block or one of its own.
    mutating func write(_ kind: Kind, _ text: String, _ events: inout [MessageEvent]) {
        var text = text
        if open != kind {
            if kind == .text {
                guard text.contains(where: { !$0.isWhitespace }) else { return space += text }
                text = space + text
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

    mutating func close(_ events: inout [MessageEvent]) {
        guard let kind = open else { return }
        if kind == .thinking { events.append(.blockDelta(index: index, .signature(signature))) }
        events.append(.blockStop(index: index))
        open = nil
    }
}
