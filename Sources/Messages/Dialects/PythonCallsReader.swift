/// Reads calls in Python: a list, `[name(key=value, …), …]`, or after a marker one alone, `name.call(key=value)`.
struct PythonCallsReader: ToolCallReader {
    private enum State { case opening, head, arguments, between, closed }

    private let tools: ToolSchemas
    /// Whether a marker has announced a call. Else only a list of calls of the request's tools is one: others are lists.
    private let isAnnounced: Bool
    private let closers: [[UInt8]]
    private var state = State.opening
    private var buffer: [UInt8] = []
    /// What was taken since the last call, and is text should no other follow.
    private var before: [UInt8] = []
    private var python = PythonArguments()
    private var object = ArgumentsStream { _ in [] }
    private var isList = false
    private var hasCalled = false

    init(tools: ToolSchemas, isAnnounced: Bool, closers: [String]) {
        self.tools = tools
        self.isAnnounced = isAnnounced
        self.closers = closers.map { Array($0.utf8) }
    }

    mutating func read(_ input: [UInt8], _ events: inout [ToolCallEvent]) -> ToolCallReading {
        buffer += input
        while true {
            let step: Step
            switch state {
            case .opening: step = readOpening()
            case .head: step = readHead(&events)
            case .arguments: step = readArguments(&events)
            case .between: step = readBetween()
            case .closed: step = readClosers()
            }
            switch step {
            case .goOn: continue
            case .wait: return .more
            case .leave: return hasCalled ? .ended(rest: before + buffer) : .notACall(rest: before + buffer)
            }
        }
    }

    private enum Step { case goOn, wait, leave }

    private mutating func readOpening() -> Step {
        switch MarkerScan.beginning(of: buffer) {
        case .unfinished: return .wait
        case .none: return .leave
        case .at(let index):
            if buffer[index] == UInt8(ascii: "[") {
                isList = true
                take(index + 1)
            } else if !isAnnounced {
                return .leave
            }
        }
        state = .head
        return .goOn
    }

    /// Moves what stands in front of `end` out of the buffer.
    private mutating func take(_ end: Int) {
        before += buffer[..<end]
        buffer.removeSubrange(..<end)
    }

    private mutating func readHead(_ events: inout [ToolCallEvent]) -> Step {
        if hasCalled, case .at(let index) = MarkerScan.beginning(of: buffer), buffer[index] == UInt8(ascii: "]") { return close(index + 1) }
        switch PythonCallHead.read(buffer) {
        case .unfinished: return .wait
        case .notACall: return .leave
        case .found(let text, let start):
            let isMethod = isAnnounced && !isList && text.hasSuffix(".call") && text != ".call"
            let name = isMethod ? String(text.dropLast(".call".count)) : text
            guard isMethod || isAnnounced && isList || tools.has(name) else { return .leave }
            before = []
            hasCalled = true
            buffer.removeSubrange(..<start)
            events.append(.started(name: name))
            python = PythonArguments()
            object = ArgumentsStream { [tools] in tools.types(of: $0, in: name) }
            state = .arguments
            return .goOn
        }
    }

    private mutating func readArguments(_ events: inout [ToolCallEvent]) -> Step {
        let (json, count) = python.read(buffer[...])
        buffer.removeSubrange(..<count)
        tellJSON(json, &events)
        guard python.isWhole else { return .wait }
        events.append(.finished)
        state = isList ? .between : .closed
        return .goOn
    }

    private mutating func tellJSON(_ json: [UInt8], _ events: inout [ToolCallEvent]) {
        // What is no literal may close the object before the call.
        let (text, count) = object.isWhole ? ([], 0) : object.read(json[...])
        tell(text + json[count...], &events)
    }

    private func tell(_ text: [UInt8], _ events: inout [ToolCallEvent]) {
        if !text.isEmpty { events.append(.arguments(String(decoding: text, as: UTF8.self))) }
    }

    private mutating func readBetween() -> Step {
        switch MarkerScan.beginning(of: buffer) {
        case .unfinished: return .wait
        case .none: return .leave
        case .at(let index):
            switch buffer[index] {
            case UInt8(ascii: "]"): return close(index + 1)
            case UInt8(ascii: ","): take(index + 1)
            default: return .leave
            }
        }
        state = .head
        return .goOn
    }

    private mutating func close(_ end: Int) -> Step {
        before = []
        buffer.removeSubrange(..<end)
        state = .closed
        return .goOn
    }

    private mutating func readClosers() -> Step {
        switch CallClosers.read(buffer, closers) {
        case .unfinished: return .wait
        case .none: return .leave
        case .taken(let rest):
            buffer = rest
            return .goOn
        }
    }

    mutating func finish(isComplete: Bool, _ events: inout [ToolCallEvent]) -> ToolCallReading {
        let isBlank = buffer.allSatisfy(MarkerScan.isSpace)
        switch state {
        case .arguments:
            if isComplete {
                tellJSON(python.finish(), &events)
                tell(object.closing(), &events)
            }
            events.append(.finished)
            return .ended(rest: [])
        case .closed: if case .unfinished = CallClosers.read(buffer, closers) { return .ended(rest: []) } else { return .ended(rest: buffer) }
        case .between where isBlank, .head where hasCalled && isBlank: return .ended(rest: [])
        default: return hasCalled ? .ended(rest: before + buffer) : .notACall(rest: before + buffer)
        }
    }
}
