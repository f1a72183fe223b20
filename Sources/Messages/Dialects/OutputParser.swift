/// Splits a model's raw text, as it comes, into reasoning, answer and tool calls. Nothing is lost: what is no call stays text.
///
/// White space that the notation puts around calls is not part of the answer, so that a template renders the same text again
/// from what was understood.
public struct OutputParser: Sendable {
    /// What is looked for.
    public struct Settings: Sendable {
        /// nil: no calls are looked for.
        public var dialect: (any ToolCallDialect)?
        public var tools: ToolSchemas
        /// Whether `<think>…</think>` at the beginning is reasoning.
        public var readsReasoning: Bool
        /// Whether the prompt has opened the block of reasoning already.
        public var startsInReasoning: Bool

        public init(
            dialect: (any ToolCallDialect)? = nil, tools: ToolSchemas = ToolSchemas([]), readsReasoning: Bool = false, startsInReasoning: Bool = false
        ) {
            self.dialect = dialect
            self.tools = tools
            self.readsReasoning = readsReasoning
            self.startsInReasoning = startsInReasoning
        }
    }

    private enum State {
        /// Nothing but white space has come.
        case beginning
        case reasoning(isBegun: Bool)
        case text
        case call(any ToolCallReader, opener: String)
    }

    private let settings: Settings
    private let callID: @Sendable (Int) -> String
    private let openers: [[UInt8]]
    private var state: State
    /// Text that is not told yet: it may become part of a marker, or the white space before one.
    private var pending: [UInt8] = []
    private var hasText = false
    /// Calls that have begun.
    public private(set) var callCount = 0
    /// Bytes of white space that are held at most.
    private static let longestSpace = 4096

    private static let thinkOpener = Array("<think>".utf8)
    private static let thinkCloser = Array("</think>".utf8)

    /// - Parameter callID: the id of the call of an index.
    public init(_ settings: Settings, callID: @escaping @Sendable (Int) -> String) {
        self.settings = settings
        self.callID = callID
        openers = (settings.dialect?.openers ?? []).map { Array($0.utf8) }
        state = settings.startsInReasoning ? .reasoning(isBegun: false) : settings.readsReasoning ? .beginning : .text
    }

    /// Whether what comes now is reasoning.
    public var isReasoning: Bool { if case .reasoning = state { true } else { false } }

    /// More of the text, in whole characters.
    public mutating func read(_ text: String) -> [OutputEvent] {
        var events: [OutputEvent] = []
        pending += text.utf8
        drain(&events)
        return events
    }

    /// The text has ended.
    ///
    /// - Parameter isComplete: false where it was cut off; a call that was cut is not made whole.
    public mutating func finish(isComplete: Bool) -> [OutputEvent] {
        var events: [OutputEvent] = []
        if case .call(var reader, let opener) = state {
            var calls: [ToolCallEvent] = []
            let reading = reader.finish(isComplete: isComplete, &calls)
            tell(calls, &events)
            state = .text
            switch reading {
            case .more: break
            case .ended(let rest): pending = rest
            case .notACall(let rest): tellText(Array(opener.utf8) + rest, &events)
            }
        }
        if case .reasoning = state {
            while let last = pending.last, MarkerScan.isSpace(last) { pending.removeLast() }
            tellReasoning(pending, &events)
        } else if callCount == 0 || !pending.allSatisfy(MarkerScan.isSpace) {
            tellText(pending, &events)
        }
        pending = []
        return events
    }

    private mutating func drain(_ events: inout [OutputEvent]) {
        while true {
            let isDone: Bool
            switch state {
            case .beginning: isDone = drainBeginning()
            case .reasoning(let isBegun): isDone = drainReasoning(isBegun, &events)
            case .text: isDone = drainText(&events)
            case .call(let reader, let opener): isDone = drainCall(reader, opener, &events)
            }
            if isDone { return }
        }
    }

    // MARK: Reasoning

    private mutating func drainBeginning() -> Bool {
        let rest = pending.drop(while: MarkerScan.isSpace)
        if rest.starts(with: Self.thinkOpener) {
            pending = Array(rest.dropFirst(Self.thinkOpener.count))
            state = .reasoning(isBegun: false)
            return false
        }
        if Self.thinkOpener.starts(with: rest), pending.count < Self.longestSpace { return true }
        state = .text
        return false
    }

    private mutating func drainReasoning(_ isBegun: Bool, _ events: inout [OutputEvent]) -> Bool {
        if !isBegun {
            pending = Array(pending.drop(while: MarkerScan.isSpace))
            // A prompt may have opened the block, and the model open it again.
            if pending.starts(with: Self.thinkOpener) { pending.removeFirst(Self.thinkOpener.count) }
            if Self.thinkOpener.starts(with: pending) { return true }
            state = .reasoning(isBegun: true)
        }
        if let end = MarkerScan.first(of: [Self.thinkCloser], in: pending)?.range {
            var thought = pending[..<end.lowerBound]
            while let last = thought.last, MarkerScan.isSpace(last) { thought.removeLast() }
            tellReasoning(Array(thought), &events)
            pending = Array(pending[end.upperBound...])
            state = .text
            return false
        }
        var length = pending.count - MarkerScan.heldLength([Self.thinkCloser], pending)
        while length > 0, pending.count - length < Self.longestSpace, MarkerScan.isSpace(pending[length - 1]) { length -= 1 }
        tellReasoning(Array(pending[..<length]), &events)
        pending = Array(pending[length...])
        return true
    }

    private func tellReasoning(_ bytes: [UInt8], _ events: inout [OutputEvent]) {
        if !bytes.isEmpty { events.append(.reasoning(String(decoding: bytes, as: UTF8.self))) }
    }

    // MARK: Text

    private mutating func drainText(_ events: inout [OutputEvent]) -> Bool {
        if let (range, marker) = MarkerScan.first(of: openers, in: pending) {
            tellTextBeforeCall(Array(pending[..<range.lowerBound]), &events)
            pending = Array(pending[range.upperBound...])
            let opener = String(decoding: openers[marker], as: UTF8.self)
            guard let dialect = settings.dialect else { return true }
            state = .call(dialect.reader(after: opener, tools: settings.tools), opener: opener)
            return false
        }
        var length = pending.count - MarkerScan.heldLength(openers, pending)
        // White space waits where it may be notation: before a call, after one, after reasoning.
        if settings.dialect != nil || !hasText {
            while length > 0, pending.count - length < Self.longestSpace, MarkerScan.isSpace(pending[length - 1]) { length -= 1 }
        }
        tellText(Array(pending[..<length]), &events)
        pending = Array(pending[length...])
        return true
    }

    private mutating func tellText(_ bytes: [UInt8], _ events: inout [OutputEvent]) {
        var bytes = bytes
        // The line breaks after reasoning or a call are notation.
        if !hasText, settings.readsReasoning || callCount > 0 { bytes = Array(bytes.drop { $0 == 0x0A }) }
        guard !bytes.isEmpty else { return }
        hasText = true
        events.append(.text(String(decoding: bytes, as: UTF8.self)))
    }

    /// One line break stands between the answer and a call; white space alone is no answer.
    private mutating func tellTextBeforeCall(_ bytes: [UInt8], _ events: inout [OutputEvent]) {
        guard hasText && callCount == 0 || !bytes.allSatisfy(MarkerScan.isSpace) else { return }
        tellText(bytes.last == 0x0A ? Array(bytes.dropLast()) : bytes, &events)
    }

    // MARK: Calls

    private mutating func drainCall(_ reader: any ToolCallReader, _ opener: String, _ events: inout [OutputEvent]) -> Bool {
        guard !pending.isEmpty else { return true }
        var reader = reader
        var calls: [ToolCallEvent] = []
        let input = pending
        pending = []
        let reading = reader.read(input, &calls)
        tell(calls, &events)
        switch reading {
        case .more:
            state = .call(reader, opener: opener)
            return true
        case .ended(let rest): pending = rest
        case .notACall(let rest):
            tellText(Array(opener.utf8), &events)
            pending = rest
        }
        state = .text
        return false
    }

    private mutating func tell(_ calls: [ToolCallEvent], _ events: inout [OutputEvent]) {
        for call in calls {
            switch call {
            case .started(let name):
                events.append(.toolCallStarted(index: callCount, id: callID(callCount), name: name))
                callCount += 1
            case .arguments(let text): if !text.isEmpty { events.append(.argumentsDelta(index: callCount - 1, text)) }
            case .finished: events.append(.toolCallFinished(index: callCount - 1))
            }
        }
    }
}
