/// The text of an answer as it comes: up to what ends it, and read for thinking and calls where the server leaves them in it.
struct AnswerText: Sendable {
    private var scan: StopScan
    private var turnEnd = TurnEnd()
    private var parser: OutputParser?

    init(_ options: MessageStream.Options) {
        scan = StopScan(options.stopSequences)
        parser = options.textFormat.map { OutputParser($0) { _ in "" } }
    }

    /// The text that ended the answer.
    var stop: String? { scan.found }

    mutating func read(_ text: String) -> [OutputEvent] { events(of: scan.read(text)) }

    /// Thinking and calls come apart from the text: what is read is text, and nothing else.
    var isPlain: Bool { parser == nil }

    mutating func readPlain(_ text: String) -> String { scan.read(text) }

    /// - Parameter isComplete: false where a limit cut it: a call that was cut is not made whole.
    mutating func finish(isComplete: Bool) -> [OutputEvent] {
        var events = events(of: scan.flush())
        guard parser != nil else { return events }
        let isWhole = isComplete && stop == nil
        events += parser?.read(turnEnd.finish()) ?? []
        events += parser?.finish(isComplete: isWhole) ?? []
        return events
    }

    private mutating func events(of text: String) -> [OutputEvent] {
        if parser != nil { return parser?.read(turnEnd.read(text)) ?? [] }
        return text.isEmpty ? [] : [.text(text)]
    }
}
