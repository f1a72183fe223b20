/// Reads the JSON object of one Hermes call. When the name comes first, as it does, the arguments are passed on as they come;
/// else the object is read whole.
struct HermesReader: ToolCallReader {
    private enum State { case head, arguments, whole, tail }

    private let tools: ToolSchemas
    private var state = State.head
    /// What is not told: of a head and of a whole object all that followed the opener, of a tail what may be notation.
    private var buffer: [UInt8] = []
    /// Reads the arguments, or the whole object.
    private var object = ArgumentsStream { _ in [] }
    private var objectStart = 0
    /// The brace that closes the call has not come: it stands behind the arguments.
    private var isOpen = true

    private static let closer = Array("</tool_call>".utf8)
    private static let fence = Array("```".utf8)
    /// A block that is longer without being a call is text; so is a head, and what follows the arguments.
    private static let longestBlock = 4 << 20
    private static let longestHead = 1024

    init(tools: ToolSchemas) { self.tools = tools }

    mutating func read(_ input: [UInt8], _ events: inout [ToolCallEvent]) -> ToolCallReading {
        switch state {
        case .head: return readHead(input, &events)
        case .arguments:
            let (text, count) = object.read(input[...])
            if !text.isEmpty { events.append(.arguments(String(decoding: text, as: UTF8.self))) }
            guard object.isWhole else { return .more }
            events.append(.finished)
            state = .tail
            return readTail(input[count...])
        case .whole: return readWhole(input, &events)
        case .tail: return readTail(input[...])
        }
    }

    // MARK: The head: {"name": "…", "arguments": {

    private mutating func readHead(_ input: [UInt8], _ events: inout [ToolCallEvent]) -> ToolCallReading {
        buffer += input
        switch HermesHead.read(Array(buffer.prefix(Self.longestHead))) {
        case .unfinished: return buffer.count < Self.longestHead ? .more : .notACall(rest: buffer)
        case .notACall: return .notACall(rest: buffer)
        case .other(let start):
            let rest = Array(buffer[start...])
            buffer.removeSubrange(start...)
            objectStart = start
            state = .whole
            return readWhole(rest, &events)
        case .found(let name, let start):
            let rest = Array(buffer[start...])
            buffer = []
            events.append(.started(name: name))
            object = ArgumentsStream { [tools] in tools.types(of: $0, in: name) }
            state = .arguments
            return read(rest, &events)
        }
    }

    // MARK: An object in another order

    private mutating func readWhole(_ input: [UInt8], _ events: inout [ToolCallEvent]) -> ToolCallReading {
        let count = object.read(input[...]).count
        let end = buffer.count + count
        buffer += input
        guard !object.isBroken, buffer.count <= Self.longestBlock || object.isWhole && end <= Self.longestBlock else {
            return .notACall(rest: buffer)
        }
        guard object.isWhole else { return .more }
        guard let calls = CallObject.events(of: Array(buffer[objectStart..<end]), tools) else { return .notACall(rest: buffer) }
        events += calls
        let rest = Array(buffer[end...])
        buffer = []
        isOpen = false
        state = .tail
        return readTail(rest[...])
    }

    // MARK: The tail: whatever members follow, }, and the closing tag

    private mutating func readTail(_ input: ArraySlice<UInt8>) -> ToolCallReading {
        buffer += input
        let head = buffer.prefix(Self.longestHead)
        guard let start = callEnd(in: head) else { return buffer.count < Self.longestHead ? .more : .ended(rest: buffer) }
        let rest = Self.withoutNotation(head[start...])
        if rest.starts(with: Self.closer) { return .ended(rest: Array(buffer[(rest.startIndex + Self.closer.count)...])) }
        if Self.closer.starts(with: rest) || Self.fence.starts(with: rest), buffer.count < Self.longestHead { return .more }
        // Text after a call whose closing tag the model left out.
        return .ended(rest: Array(buffer[start...]))
    }

    /// Where the call's own object ends; nil where that cannot be told yet.
    private func callEnd(in bytes: ArraySlice<UInt8>) -> Int? { isOpen ? CallObject.end(in: bytes) : 0 }

    /// Models write a brace too many, and fences.
    private static func withoutNotation(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let rest = bytes.drop { MarkerScan.isSpace($0) || $0 == UInt8(ascii: "}") }
        return rest.starts(with: fence) ? rest.dropFirst(fence.count).drop(while: MarkerScan.isSpace) : rest
    }

    mutating func finish(isComplete: Bool, _ events: inout [ToolCallEvent]) -> ToolCallReading {
        switch state {
        case .head, .whole: return .notACall(rest: buffer)
        case .arguments:
            let closing = isComplete ? object.closing() : []
            if !closing.isEmpty { events.append(.arguments(String(decoding: closing, as: UTF8.self))) }
            events.append(.finished)
            return .ended(rest: [])
        case .tail:
            let start = callEnd(in: buffer[...]) ?? 0
            return .ended(rest: Self.closer.starts(with: Self.withoutNotation(buffer[start...])) ? [] : Array(buffer[start...]))
        }
    }
}
