/// Splits a model's raw text, as it comes, into reasoning, answer and tool calls. Nothing is lost: what is no call stays text.
///
/// White space that the notation puts around calls is not part of the answer, so that a template renders the same text again
/// from what was understood.
public struct OutputParser: Sendable {
    /// What is looked for.
    public struct Settings: Sendable {
        /// nil: no calls are looked for.
        public var dialect: (any ToolCallDialect)?
        /// Whether calls are told as such; else, where a dialect frames the whole answer, they are text.
        public var tellsCalls: Bool
        public var tools: ToolSchemas
        /// Whether calls of other tools than those stay text.
        public var refusesOthers: Bool
        /// Whether `<think>…</think>` at the beginning is reasoning.
        public var readsReasoning: Bool
        /// Whether the prompt has opened the block of reasoning already.
        public var startsInReasoning: Bool

        public init(
            dialect: (any ToolCallDialect)? = nil, tellsCalls: Bool = true, tools: ToolSchemas = ToolSchemas([]), refusesOthers: Bool = false,
            readsReasoning: Bool = false, startsInReasoning: Bool = false
        ) {
            self.dialect = dialect
            self.tellsCalls = tellsCalls
            self.tools = tools
            self.refusesOthers = refusesOthers
            self.readsReasoning = readsReasoning
            self.startsInReasoning = startsInReasoning
        }
    }

    private enum State {
        /// Nothing but white space has come.
        case beginning
        case reasoning(isBegun: Bool)
        case text
        /// `text` is what stands before the reader's input, the opener and a line break that may be notation, should it be no call.
        case call(any ToolCallReader, text: [UInt8])
    }

    private let settings: Settings
    private let callID: @Sendable (Int) -> String
    private let openers: [[UInt8]]
    private var state: State
    /// Text that is not told yet: it may become part of a marker, or the white space before one.
    private var pending: [UInt8] = []
    private var hasText = false
    private var hasTextSinceCall = false
    /// What followed the opener, as long as it has told no call: it may be that of a tool that is refused.
    private var block: [UInt8] = []
    private var blockHasCall = false
    private var tellsAsText = false
    /// Calls that have begun.
    public private(set) var callCount = 0
    /// Bytes of white space that are held at most.
    private static let longestSpace = 4096
    private static let longestPiece = 1024

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
    public var isReasoning: Bool {
        switch state {
        case .reasoning: true
        case .call(let reader, _): reader.isReasoning
        case .beginning, .text: false
        }
    }

    /// More of the text, in whole characters.
    public mutating func read(_ text: String) -> [OutputEvent] {
        var events: [OutputEvent] = []
        var rest = text.utf8[...]
        // Each opener that begins no call costs what is pending.
        while !rest.isEmpty {
            var end = rest.index(rest.startIndex, offsetBy: Self.longestPiece, limitedBy: rest.endIndex) ?? rest.endIndex
            while end < rest.endIndex, rest[end] & 0xC0 == 0x80 { rest.formIndex(after: &end) }
            pending += rest[..<end]
            drain(&events)
            rest = rest[end...]
        }
        return events
    }

    /// The text has ended.
    ///
    /// - Parameter isComplete: false where it was cut off; a call that was cut is not made whole.
    public mutating func finish(isComplete: Bool) -> [OutputEvent] {
        var events: [OutputEvent] = []
        if case .call(var reader, let text) = state {
            var calls: [ToolCallEvent] = []
            let reading = reader.finish(isComplete: isComplete, &calls)
            state = .text
            if isRefused(calls) {
                tellText(text + block, &events)
                return events
            }
            tell(calls, &events)
            switch reading {
            case .more: break
            case .ended(let rest): pending = rest
            case .notACall(let rest): tellText(text + rest, &events)
            }
        }
        if case .reasoning = state {
            tellReasoning(Self.withoutTrailingSpace(pending[...]), &events)
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
            case .call: isDone = drainCall(&events)
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
            tellReasoning(Self.withoutTrailingSpace(pending[..<end.lowerBound]), &events)
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

    private static func withoutTrailingSpace(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        bytes.lastIndex { !MarkerScan.isSpace($0) }.map { Array(bytes[...$0]) } ?? []
    }

    private func tellReasoning(_ bytes: [UInt8], _ events: inout [OutputEvent]) {
        if !bytes.isEmpty { events.append(.reasoning(String(decoding: bytes, as: UTF8.self))) }
    }

    // MARK: Text

    private mutating func drainText(_ events: inout [OutputEvent]) -> Bool {
        if let (range, marker) = MarkerScan.first(of: openers, in: pending) {
            guard let dialect = settings.dialect else { return true }
            let notation = tellTextBeforeCall(Array(pending[..<range.lowerBound]), &events)
            pending = Array(pending[range.upperBound...])
            let opener = dialect.openers[marker]
            state = .call(dialect.reader(after: opener, tools: settings.tools), text: notation + openers[marker])
            block = []
            blockHasCall = false
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
        hasTextSinceCall = true
        events.append(.text(String(decoding: bytes, as: UTF8.self)))
    }

    /// One line break stands between the answer and a call; white space alone is no answer.
    ///
    /// - Returns: what was left out as notation.
    private mutating func tellTextBeforeCall(_ bytes: [UInt8], _ events: inout [OutputEvent]) -> [UInt8] {
        let text = Self.withoutTrailingSpace(bytes[...])
        tellText(text, &events)
        let space = bytes[text.count...]
        guard hasTextSinceCall else { return Array(space) }
        let notation = space.suffix(space.last == 0x0A ? 1 : 0)
        tellText(Array(space.dropLast(notation.count)), &events)
        return Array(notation)
    }

    // MARK: Calls

    private mutating func drainCall(_ events: inout [OutputEvent]) -> Bool {
        guard !pending.isEmpty, case .call(var reader, let text) = state else { return true }
        // The reader alone holds its bytes while it reads: they grow in place.
        state = .text
        var calls: [ToolCallEvent] = []
        let input = pending
        pending = []
        if settings.refusesOthers, !blockHasCall { block += input }
        let reading = reader.read(input, &calls)
        if isRefused(calls) {
            // All of it is text, in which another call may begin.
            tellText(text, &events)
            pending = block
            block = []
            return false
        }
        tell(calls, &events)
        switch reading {
        case .more:
            state = .call(reader, text: text)
            return true
        case .ended(let rest): pending = rest
        case .notACall(let rest):
            tellText(text, &events)
            pending = rest
        }
        return false
    }

    /// Whether a block begins with a call of a tool that is not offered.
    private func isRefused(_ calls: [ToolCallEvent]) -> Bool {
        guard !blockHasCall, settings.tellsCalls, settings.dialect?.framesAnswers == false else { return false }
        for case .started(let name) in calls { return refuses(name) }
        return false
    }

    private func refuses(_ name: String) -> Bool { settings.refusesOthers && !settings.tools.has(name) }

    private mutating func tell(_ calls: [ToolCallEvent], _ events: inout [OutputEvent]) {
        for call in calls {
            if case .started(let name) = call {
                blockHasCall = true
                block = []
                tellsAsText = !settings.tellsCalls || refuses(name)
            }
            switch call {
            case .text(let text): tellWhole(text, &events)
            case .reasoning(let text): events.append(.reasoning(text))
            case .started(let text) where tellsAsText: tellWhole(text + " ", &events)
            case .arguments(let text) where tellsAsText: tellWhole(text, &events)
            case .finished where tellsAsText: break
            case .started(let name):
                events.append(.toolCallStarted(index: callCount, id: callID(callCount), name: name))
                callCount += 1
                hasTextSinceCall = false
            case .arguments(let text): if !text.isEmpty { events.append(.argumentsDelta(index: callCount - 1, text)) }
            case .finished: events.append(.toolCallFinished(index: callCount - 1))
            }
        }
    }

    /// Text that a notation frames, without white space of its own.
    private mutating func tellWhole(_ text: String, _ events: inout [OutputEvent]) {
        if text.isEmpty { return }
        hasText = true
        hasTextSinceCall = true
        events.append(.text(text))
    }
}
