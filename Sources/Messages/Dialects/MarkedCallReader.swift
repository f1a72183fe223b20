/// A notation of markers: a head with the tool's name, then its arguments as a JSON object.
struct MarkedNotation: Sendable {
    /// What stands before a call.
    var call: String
    /// What stands behind its arguments; nil where nothing does.
    var callEnd: String?
    /// What stands around all calls of one block; nil where each stands alone. Models leave it out.
    var block: (begin: String, end: String)?
    /// The tool that a head, what stands between `call` and the first brace, names; nil where it is no head.
    var name: @Sendable (_ head: String) -> String?

    var openers: [String] { (block.map { [$0.begin] } ?? []) + [call] }
    var markers: [String] { openers + [callEnd, block?.end].compactMap { $0 } }
}

/// Reads the calls of one block of a `MarkedNotation`; arguments are passed on as they come.
struct MarkedCallReader: ToolCallReader {
    private enum State { case calls, head, arguments, tail }

    private let notation: MarkedNotation
    private let tools: ToolSchemas
    private var state: State
    private var buffer = TagBuffer()
    private var object = ArgumentsStream { _ in [] }
    private var hasCalled = false
    /// Of the block's opener and of a call's, while no call has been told.
    private var before: [UInt8] = []

    private static let fence = Array("```".utf8)
    private static let longestHead = 1024

    init(_ notation: MarkedNotation, after opener: String, tools: ToolSchemas) {
        self.notation = notation
        self.tools = tools
        state = opener == notation.call ? .head : .calls
    }

    mutating func read(_ input: [UInt8], _ events: inout [ToolCallEvent]) -> ToolCallReading {
        buffer.bytes += input
        while true {
            let step: Step
            switch state {
            case .calls: step = readBetween()
            case .head: step = readHead(&events)
            case .arguments: step = readArguments(&events)
            case .tail: step = readTail()
            }
            switch step {
            case .goOn: continue
            case .wait: return .more
            case .leave(let rest): return .ended(rest: rest)
            case .notACall: return .notACall(rest: before + buffer.bytes)
            }
        }
    }

    private enum Step {
        case goOn, wait, notACall
        case leave([UInt8])
    }

    private mutating func readBetween() -> Step {
        let start = buffer.bytes
        let opens = buffer.take(Array(notation.call.utf8))
        if opens == true {
            before += start.dropLast(buffer.bytes.count)
            state = .head
            return .goOn
        }
        let closes = notation.block.map { buffer.take(Array($0.end.utf8)) } ?? false
        if closes == true, hasCalled { return .leave(buffer.bytes) }
        if closes == true { buffer.bytes = start }
        guard opens == false, closes != nil else { return .wait }
        return hasCalled ? .leave(buffer.bytes) : .notACall
    }

    private mutating func readHead(_ events: inout [ToolCallEvent]) -> Step {
        let head = buffer.bytes.prefix(Self.longestHead)
        guard let brace = head.firstIndex(of: UInt8(ascii: "{")) else {
            return buffer.bytes.count < Self.longestHead ? .wait : leaveHead()
        }
        let name = notation.name(String(decoding: head[..<brace], as: UTF8.self))
        guard let name, !name.isEmpty, !name.contains(where: \.isWhitespace) else { return leaveHead() }
        buffer.bytes.removeSubrange(..<brace)
        hasCalled = true
        before = []
        events.append(.started(name: name))
        object = ArgumentsStream { [tools] in tools.types(of: $0, in: name) }
        state = .arguments
        return .goOn
    }

    /// What only looked like another call is text, its marker included.
    private func leaveHead() -> Step { hasCalled ? .leave(before + buffer.bytes) : .notACall }

    private mutating func readArguments(_ events: inout [ToolCallEvent]) -> Step {
        let (text, count) = object.read(buffer.bytes[...])
        if !text.isEmpty { events.append(.arguments(String(decoding: text, as: UTF8.self))) }
        buffer.bytes.removeSubrange(..<count)
        guard object.isWhole else { return .wait }
        events.append(.finished)
        state = .tail
        return .goOn
    }

    private mutating func readTail() -> Step {
        guard let end = notation.callEnd else { return .leave(buffer.bytes) }
        let start = buffer.bytes
        let fenced = buffer.take(Self.fence)
        let closes = fenced == nil ? nil : buffer.take(Array(end.utf8))
        if closes == nil {
            buffer.bytes = start
            return .wait
        }
        // The model left the marker out.
        if closes == false { buffer.bytes = start }
        guard notation.block != nil else { return .leave(buffer.bytes) }
        state = .calls
        return .goOn
    }

    mutating func finish(isComplete: Bool, _ events: inout [ToolCallEvent]) -> ToolCallReading {
        switch state {
        case .calls where hasCalled:
            let rest = buffer.bytes.drop(while: MarkerScan.isSpace)
            let isNotation = [notation.block?.end, notation.call].contains { $0.map { Array($0.utf8).starts(with: rest) } == true }
            return .ended(rest: isNotation ? [] : buffer.bytes)
        case .calls, .head: return hasCalled ? .ended(rest: before + buffer.bytes) : .notACall(rest: before + buffer.bytes)
        case .arguments:
            let closing = isComplete ? object.closing() : []
            if !closing.isEmpty { events.append(.arguments(String(decoding: closing, as: UTF8.self))) }
            events.append(.finished)
            return .ended(rest: [])
        case .tail:
            var rest = buffer.bytes.drop(while: MarkerScan.isSpace)
            if rest.starts(with: Self.fence) { rest = rest.dropFirst(Self.fence.count).drop(while: MarkerScan.isSpace) }
            let isNotation = Self.fence.starts(with: rest) || notation.callEnd.map { Array($0.utf8).starts(with: rest) } == true
            return .ended(rest: isNotation ? [] : buffer.bytes)
        }
    }
}

extension StringProtocol {
    /// Without the white space at both ends.
    var trimmed: SubSequence {
        let start = firstIndex { !$0.isWhitespace } ?? endIndex
        let end = lastIndex { !$0.isWhitespace }.map { index(after: $0) } ?? start
        return self[start..<end]
    }
}
