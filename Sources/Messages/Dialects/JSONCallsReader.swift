import JSON

/// Reads calls that are JSON objects, alone, in a list, or with `;` between. When the name comes first, as it does, the arguments are
/// passed on as they come.
struct JSONCallsReader: ToolCallReader {
    private enum State { case opening, head, arguments, members, whole, between, closed }

    private let tools: ToolSchemas
    /// Whether a marker has announced calls: then any object with a name is one. Else only an object that begins as a call of a tool
    /// of the request does; others are JSON that the model was asked for.
    private let isAnnounced: Bool
    private var closers: [[UInt8]]
    private var state = State.opening
    private var buffer: [UInt8] = []
    /// What was taken since the last call, and is text should no other follow.
    private var before: [UInt8] = []
    private var object = ArgumentsStream { _ in [] }
    /// Bytes of the whole object that were read.
    private var searched = 0
    private var isList = false
    private var hasCalled = false

    private static let longestHead = 1024
    private static let longestBlock = 4 << 20

    init(tools: ToolSchemas, isAnnounced: Bool, closers: [String] = []) {
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
            case .members: step = readMembers()
            case .whole: step = readWhole(&events)
            case .between: step = readBetween()
            case .closed: step = readClosers()
            }
            switch step {
            case .goOn: continue
            case .wait: return .more
            case .leave: return .ended(rest: before + buffer)
            case .notACall: return hasCalled ? .ended(rest: before + buffer) : .notACall(rest: before + buffer)
            }
        }
    }

    private enum Step { case goOn, wait, leave, notACall }

    /// Moves what stands in front of `end` out of the buffer.
    private mutating func take(_ end: Int) {
        before += buffer[..<end]
        buffer.removeSubrange(..<end)
    }

    private mutating func readOpening() -> Step {
        switch MarkerScan.beginning(of: buffer) {
        case .unfinished: return .wait
        case .none: return .notACall
        case .at(let index):
            if buffer[index] == UInt8(ascii: "[") {
                isList = true
                take(index + 1)
            }
        }
        state = .head
        return .goOn
    }

    private mutating func readHead(_ events: inout [ToolCallEvent]) -> Step {
        guard case .at(let index) = MarkerScan.beginning(of: buffer) else {
            if case .unfinished = MarkerScan.beginning(of: buffer) { return .wait } else { return .notACall }
        }
        if isList, hasCalled, buffer[index] == UInt8(ascii: "]") { return close(index + 1) }
        if buffer[index] == UInt8(ascii: "`") { closers = [CallClosers.fence] + closers.filter { $0 != CallClosers.fence } }
        switch HermesHead.read(Array(buffer.prefix(Self.longestHead))) {
        case .unfinished: return buffer.count < Self.longestHead ? .wait : .notACall
        case .notACall: return .notACall
        case .other(let start):
            guard isAnnounced else { return .notACall }
            take(start)
            object = ArgumentsStream { _ in [] }
            searched = 0
            state = .whole
        case .found(let name, let start):
            guard !name.isEmpty, isAnnounced || tools.has(name) else { return .notACall }
            buffer.removeSubrange(..<start)
            begin(&events, [.started(name: name)])
            object = ArgumentsStream { [tools] in tools.types(of: $0, in: name) }
            state = .arguments
        }
        return .goOn
    }

    private mutating func begin(_ events: inout [ToolCallEvent], _ calls: [ToolCallEvent]) {
        before = []
        hasCalled = true
        events += calls
    }

    private mutating func readArguments(_ events: inout [ToolCallEvent]) -> Step {
        let (text, count) = object.read(buffer[...])
        if !text.isEmpty { events.append(.arguments(String(decoding: text, as: UTF8.self))) }
        buffer.removeSubrange(..<count)
        guard object.isWhole else { return .wait }
        events.append(.finished)
        state = .members
        return .goOn
    }

    private mutating func readMembers() -> Step {
        guard let end = CallObject.end(in: buffer.prefix(Self.longestHead)) else { return buffer.count < Self.longestHead ? .wait : .leave }
        buffer.removeSubrange(..<end)
        state = .between
        return .goOn
    }

    private mutating func readWhole(_ events: inout [ToolCallEvent]) -> Step {
        searched += object.read(buffer[searched...]).count
        guard !object.isBroken, searched <= Self.longestBlock else { return .notACall }
        guard object.isWhole else { return .wait }
        guard let calls = CallObject.events(of: Array(buffer[..<searched]), tools) else { return .notACall }
        begin(&events, calls)
        buffer.removeSubrange(..<searched)
        state = .between
        return .goOn
    }

    private mutating func readBetween() -> Step {
        switch MarkerScan.beginning(of: buffer) {
        case .unfinished: return .wait
        case .none: return .leave
        case .at(let index):
            switch (buffer[index], isList) {
            case (UInt8(ascii: "]"), true): return close(index + 1)
            case (UInt8(ascii: ","), true): take(index + 1)
            case (UInt8(ascii: ";"), false):
                switch MarkerScan.beginning(of: buffer, from: index + 1) {
                case .unfinished: return .wait
                case .at(let next) where buffer[next] == UInt8(ascii: "{"): take(next)
                case .at, .none: return .leave
                }
            default:
                state = .closed
                return .goOn
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
            let closing = isComplete ? object.closing() : []
            if !closing.isEmpty { events.append(.arguments(String(decoding: closing, as: UTF8.self))) }
            events.append(.finished)
            return .ended(rest: [])
        // Members that the end cut are notation still.
        case .members: return .ended(rest: CallObject.end(in: buffer[...]).map { Array(buffer[$0...]) } ?? [])
        case .closed: if case .unfinished = CallClosers.read(buffer, closers) { return .ended(rest: []) } else { return .ended(rest: buffer) }
        case .between where isBlank, .head where hasCalled && isBlank: return .ended(rest: [])
        default: return hasCalled ? .ended(rest: before + buffer) : .notACall(rest: before + buffer)
        }
    }
}
