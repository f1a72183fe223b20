import JSON

/// Reads the JSON object of one Hermes call. When the name comes first, as it does, the arguments are passed on as they come;
/// else the block is read whole.
struct HermesReader: ToolCallReader {
    private enum State {
        case head
        case arguments(ArgumentsStream)
        case tail
        case whole
    }
    private let tools: ToolSchemas
    private var state = State.head
    private var buffer: [UInt8] = []
    private static let opener = Array("<tool_call>".utf8)
    private static let closer = Array("</tool_call>".utf8)
    /// A block that is longer without being a call is text.
    private static let longestBlock = 4 << 20

    init(tools: ToolSchemas) { self.tools = tools }

    mutating func read(_ input: [UInt8], _ events: inout [ToolCallEvent]) -> ToolCallReading {
        switch state {
        case .head: return readHead(input, &events)
        case .arguments(var stream):
            let (text, count) = stream.read(input[...])
            if !text.isEmpty { events.append(.arguments(String(decoding: text, as: UTF8.self))) }
            guard stream.isWhole else {
                state = .arguments(stream)
                return .more
            }
            events.append(.finished)
            state = .tail
            return readTail(Array(input[count...]))
        case .tail: return readTail(input)
        case .whole: return readWhole(input, &events)
        }
    }

    // MARK: The head: {"name": "…", "arguments": {

    private mutating func readHead(_ input: [UInt8], _ events: inout [ToolCallEvent]) -> ToolCallReading {
        buffer += input
        switch HermesHead.read(buffer) {
        case .unfinished: return .more
        case .other:
            state = .whole
            return readWhole([], &events)
        case .found(let name, let argumentsStart):
            let rest = Array(buffer[argumentsStart...])
            buffer = []
            events.append(.started(name: name))
            state = .arguments(ArgumentsStream { [tools] in tools.types(of: $0, in: name) })
            return read(rest, &events)
        }
    }

    // MARK: The tail: } and whatever members follow, to the closing tag

    private mutating func readTail(_ input: [UInt8]) -> ToolCallReading {
        buffer += input
        if let (end, marker) = MarkerScan.first(of: [Self.closer, Self.opener], in: buffer), marker == 0 {
            let between = buffer[..<end.lowerBound].filter { !MarkerScan.isSpace($0) }
            if between.isEmpty || [UInt8(ascii: "}"), UInt8(ascii: ","), UInt8(ascii: "`")].contains(between[0]) {
                return .ended(rest: Array(buffer[end.upperBound...]))
            }
        }
        // What is not the rest of a block is text after a call whose end the model left out.
        guard let first = buffer.firstIndex(where: { !MarkerScan.isSpace($0) }) else { return .more }
        var start = first
        if buffer[start] == UInt8(ascii: "}") { start += 1 }
        let rest = buffer[start...].drop(while: MarkerScan.isSpace)
        if rest.isEmpty || Self.closer.starts(with: rest) { return .more }
        if buffer[first] == UInt8(ascii: ",") || rest.first == UInt8(ascii: "`"), buffer.count < Self.longestBlock { return .more }
        return .ended(rest: Array(buffer[start...]))
    }

    // MARK: A block in another order

    private mutating func readWhole(_ input: [UInt8], _ events: inout [ToolCallEvent]) -> ToolCallReading {
        buffer += input
        guard let end = MarkerScan.first(of: [Self.closer], in: buffer)?.range else {
            return buffer.count > Self.longestBlock ? .notACall(rest: buffer) : .more
        }
        guard tell(Array(buffer[..<end.lowerBound]), &events) else { return .notACall(rest: buffer) }
        return .ended(rest: Array(buffer[end.upperBound...]))
    }

    private func tell(_ block: [UInt8], _ events: inout [ToolCallEvent]) -> Bool {
        guard let value = try? JSON(parsing: CodeFence.stripped(block)), let name = value["name"]?.stringValue else { return false }
        var arguments = value["arguments"] ?? value["parameters"] ?? [:]
        // Some models write the object as a text.
        if case .string(let text) = arguments, let inner = try? JSON(parsing: text) { arguments = inner }
        if arguments.isNull { arguments = [:] }
        guard case .object(var members) = arguments else { return false }
        for member in members {
            let types = tools.types(of: member.key, in: name)
            if case .string(let text) = member.value, !types.isEmpty, !types.contains("string") {
                members[member.key] = ToolSchemas.value(of: text, types: types) ?? member.value
            }
        }
        events += [.started(name: name), .arguments(JSON.object(members).text), .finished]
        return true
    }

    mutating func finish(isComplete: Bool, _ events: inout [ToolCallEvent]) -> ToolCallReading {
        switch state {
        case .head, .whole:
            // An answer that ends where the closing tag alone is missing.
            if isComplete, tell(buffer, &events) { return .ended(rest: []) }
            return .notACall(rest: buffer)
        case .arguments(var stream):
            if isComplete {
                let closing = stream.closing()
                if !closing.isEmpty { events.append(.arguments(String(decoding: closing, as: UTF8.self))) }
            }
            events.append(.finished)
            return .ended(rest: [])
        case .tail: return .ended(rest: [])
        }
    }
}
