/// Reads the messages of an answer in Harmony: reasoning, text and calls.
struct HarmonyReader: ToolCallReader {
    private enum Kind { case text, reasoning }
    private enum State {
        case header
        case body(Kind)
        /// The message is to a tool; its arguments have not begun.
        case call(name: String, header: [UInt8])
        case arguments
        /// After a message.
        case between
    }

    private let tools: ToolSchemas
    private let openerLength: Int
    private var state = State.header
    private var buffer: [UInt8]
    private var object = ArgumentsStream { _ in [] }
    private var isFenced = false
    /// Whether a message was read: then what was opened is no longer the caller's.
    private var isBegun = false
    private var kind = Kind.text
    private var isNewMessage = false
    private var toldKinds: Set<Kind> = []

    static let starts = ["<|start|>", "<|channel|>"]
    static let ends = ["<|end|>", "<|return|>", "<|call|>"]
    private static let startBytes = starts.map { Array($0.utf8) }
    private static let endBytes = ends.map { Array($0.utf8) }
    private static let markBytes = endBytes + startBytes
    private static let fences = ["```json\n", "```\n"].map { Array($0.utf8) }

    init(after opener: String, tools: ToolSchemas) {
        self.tools = tools
        buffer = Array(opener.utf8)
        openerLength = buffer.count
    }

    var isReasoning: Bool { if case .body(.reasoning) = state { true } else { false } }

    mutating func read(_ input: [UInt8], _ events: inout [ToolCallEvent]) -> ToolCallReading {
        buffer += input
        while true {
            let step: Step
            switch state {
            case .header: step = readHeader(&events)
            case .body(let kind): step = readBody(kind, &events)
            case .call(let name, let header): step = readCall(name, header, &events)
            case .arguments: step = readArguments(&events)
            case .between: step = readBetween()
            }
            switch step {
            case .goOn: continue
            case .wait: return .more
            case .notACall: return .notACall(rest: Array(buffer.dropFirst(openerLength)))
            }
        }
    }

    private enum Step { case goOn, wait, notACall }

    private mutating func tell(_ bytes: some Collection<UInt8>, _ kind: Kind, _ events: inout [ToolCallEvent]) {
        guard !bytes.isEmpty else { return }
        // Messages of one kind stand on lines of their own.
        let text = (isNewMessage && toldKinds.contains(kind) ? "\n" : "") + String(decoding: bytes, as: UTF8.self)
        isNewMessage = false
        toldKinds.insert(kind)
        events.append(kind == .text ? .text(text) : .reasoning(text))
    }

    private mutating func readHeader(_ events: inout [ToolCallEvent]) -> Step {
        switch HarmonyHeader.read(buffer) {
        case .unfinished: return .wait
        case .none:
            guard isBegun else { return .notACall }
            // A marker that begins no message is of the one before.
            let length = Self.startBytes.first { buffer.starts(with: $0) }?.count ?? 1
            tell(buffer[..<length], kind, &events)
            buffer.removeSubrange(..<length)
            state = .body(kind)
        case .found(let header, let end):
            isBegun = true
            isNewMessage = true
            kind = header.channel == "analysis" ? .reasoning : .text
            if let name = tool(header.recipient) {
                state = .call(name: name, header: Array(buffer[..<end]))
            } else {
                state = .body(kind)
            }
            buffer.removeSubrange(..<end)
        }
        return .goOn
    }

    /// The tool that a recipient names. Others are built into the model, which thinks that it has them.
    private func tool(_ recipient: String?) -> String? {
        guard let recipient else { return nil }
        if recipient.hasPrefix("functions."), recipient != "functions." { return String(recipient.dropFirst("functions.".count)) }
        return tools.has(recipient) ? recipient : nil
    }

    private mutating func readBody(_ kind: Kind, _ events: inout [ToolCallEvent]) -> Step {
        guard let (range, mark) = MarkerScan.first(of: Self.markBytes, in: buffer) else {
            let length = buffer.count - MarkerScan.heldLength(Self.markBytes, buffer)
            tell(buffer[..<length], kind, &events)
            buffer.removeSubrange(..<length)
            return .wait
        }
        tell(buffer[..<range.lowerBound], kind, &events)
        buffer.removeSubrange(..<(mark < Self.endBytes.count ? range.upperBound : range.lowerBound))
        state = .between
        return .goOn
    }

    private mutating func readCall(_ name: String, _ header: [UInt8], _ events: inout [ToolCallEvent]) -> Step {
        switch MarkerScan.beginning(of: buffer) {
        case .unfinished: return .wait
        case .at(let index):
            let rest = buffer[index...]
            let fence = isFenced ? nil : Self.fences.first { rest.starts(with: $0) }
            if let fence {
                isFenced = true
                state = .call(name: name, header: header + buffer[..<(index + fence.count)])
                buffer.removeSubrange(..<(index + fence.count))
                return .goOn
            }
            if !isFenced, Self.fences.contains(where: { $0.starts(with: rest) }) { return .wait }
            if rest.first == UInt8(ascii: "{") {
                buffer.removeSubrange(..<index)
                events.append(.started(name: name))
                object = ArgumentsStream { [tools] in tools.types(of: $0, in: name) }
                state = .arguments
                return .goOn
            }
        case .none: break
        }
        // No arguments: the message stays, whole.
        kind = .text
        tell(header, .text, &events)
        isFenced = false
        state = .body(.text)
        return .goOn
    }

    private mutating func readArguments(_ events: inout [ToolCallEvent]) -> Step {
        var output: [UInt8] = []
        var position = 0
        var isCut = false
        var mayEnd = false
        while position < buffer.count, !object.isWhole, !isCut, !mayEnd {
            // The model may close the message before its brackets; in a string a marker is text.
            let rest = buffer[position...]
            let isMark = rest.first == UInt8(ascii: "<") && !object.isInString
            isCut = isMark && Self.endBytes.contains { rest.starts(with: $0) }
            mayEnd = isMark && !isCut && Self.endBytes.contains { $0.starts(with: rest) }
            if isCut || mayEnd { break }
            let next = buffer[(position + 1)...].firstIndex(of: UInt8(ascii: "<")) ?? buffer.count
            let (text, count) = object.read(buffer[position..<next])
            output += text
            position += count
        }
        if isCut { output += object.closing() }
        buffer.removeSubrange(..<position)
        if !output.isEmpty { events.append(.arguments(String(decoding: output, as: UTF8.self))) }
        guard object.isWhole || isCut else { return .wait }
        events.append(.finished)
        state = .between
        return .goOn
    }

    private mutating func readBetween() -> Step {
        guard case .at(let index) = MarkerScan.beginning(of: buffer) else {
            if case .unfinished = MarkerScan.beginning(of: buffer) { return .wait }
            return outside()
        }
        let rest = buffer[index...]
        if isFenced, rest.starts(with: CallClosers.fence) {
            isFenced = false
            buffer.removeSubrange(..<(index + CallClosers.fence.count))
        } else if let end = Self.endBytes.first(where: { rest.starts(with: $0) }) {
            buffer.removeSubrange(..<(index + end.count))
        } else if Self.startBytes.contains(where: { rest.starts(with: $0) }) {
            buffer.removeSubrange(..<index)
            state = .header
        } else if (Self.markBytes + (isFenced ? [CallClosers.fence] : [])).contains(where: { $0.starts(with: rest) }) {
            return .wait
        } else {
            return outside()
        }
        return .goOn
    }

    /// Text that is in no message.
    private mutating func outside() -> Step {
        kind = .text
        isFenced = false
        state = .body(.text)
        return .goOn
    }

    mutating func finish(isComplete: Bool, _ events: inout [ToolCallEvent]) -> ToolCallReading {
        switch state {
        case .header where HarmonyHeader.saysNothing(buffer): break
        case .header:
            guard isBegun else { return .notACall(rest: Array(buffer.dropFirst(openerLength))) }
            tell(buffer, .text, &events)
        case .body(let kind): tell(buffer, kind, &events)
        case .call(_, let header): tell(header + buffer, .text, &events)
        case .arguments:
            let closing = isComplete ? object.closing() : []
            if !closing.isEmpty { events.append(.arguments(String(decoding: closing, as: UTF8.self))) }
            events.append(.finished)
        case .between: if !buffer.allSatisfy(MarkerScan.isSpace) { tell(buffer, .text, &events) }
        }
        return .ended(rest: [])
    }
}
