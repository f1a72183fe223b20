import JSON
import Messages

/// Reads an answer from its tokens: characters, stop strings, reasoning and calls. Pure; the endpoints write what it gives.
struct AnswerReader: Sendable {
    private var detokenizer: StreamingDetokenizer
    private var stops: StopStrings
    private var parser: OutputParser
    private let endsWithFirstCall: Bool
    private(set) var reasoningTokens = 0
    /// Whether more tokens would change nothing: a stop string was met, or the one call that was asked for is whole.
    private(set) var isAtEnd = false
    private var isAfterFirstCall = false

    init(
        tokenizer: Tokenizer, shown: Set<Int32> = [], stops: [String], parser: OutputParser.Settings, endsWithFirstCall: Bool,
        callID: @escaping @Sendable (Int) -> String
    ) {
        detokenizer = StreamingDetokenizer(tokenizer) { !tokenizer.isSpecial($0) || shown.contains($0) }
        self.stops = StopStrings(stops)
        self.parser = OutputParser(parser, callID: callID)
        self.endsWithFirstCall = endsWithFirstCall
    }

    var stopString: String? { stops.met }

    mutating func read(_ token: Int32) -> [OutputEvent] {
        guard !isAtEnd else { return [] }
        let events = kept(parser.read(stops.read(detokenizer.append(token))))
        if parser.isReasoning { reasoningTokens += 1 }
        if stops.met != nil { isAtEnd = true }
        return events
    }

    /// - Parameter isCut: whether the answer ended because of a limit.
    mutating func finish(isCut: Bool) -> [OutputEvent] {
        guard !isAfterFirstCall else { return [] }
        var events: [OutputEvent] = []
        if stops.met == nil {
            events = parser.read(stops.read(detokenizer.finish()))
            if stops.met == nil { events += parser.read(stops.finish()) }
        }
        // A stop string in a call's arguments cuts them as a limit does: half a command must not become one.
        return kept(events + parser.finish(isComplete: !isCut && stops.met == nil))
    }

    private mutating func kept(_ events: [OutputEvent]) -> [OutputEvent] {
        guard endsWithFirstCall, !isAfterFirstCall else { return isAfterFirstCall ? [] : events }
        guard let end = events.firstIndex(where: { if case .toolCallFinished = $0 { true } else { false } }) else { return events }
        isAfterFirstCall = true
        isAtEnd = true
        return Array(events[...end])
    }

    var hasCalls: Bool { parser.callCount > 0 }
}

extension FinishReason {
    /// Whether a limit ended the answer before the model did.
    var isCut: Bool {
        switch self {
        case .length, .contextFull: true
        case .stopToken, .noTokenAllowed: false
        }
    }
}
