import JSON

/// Reads the calls of one block of a `TaggedNotation`. Texts are passed on as they come; other values when they are whole, typed by
/// the schema.
struct TaggedCallReader: ToolCallReader {
    private enum State {
        /// Between functions.
        case block
        case functionName
        case parameters
        case value(parameter: String, ValueForm)
    }
    private enum ValueForm {
        /// A text, and whether its first line break, which is notation, is read.
        case text(isBegun: Bool)
        case whole
    }

    private let notation: TaggedNotation
    private let tools: ToolSchemas
    /// The opener was that of a function, which is no notation in itself: prose and other notations have it too.
    private let isBare: Bool
    private var state: State
    private var buffer = TagBuffer()
    /// Bytes of a whole value in which its end was looked for.
    private var searched = 0
    private var function = ""
    private var parameterCount = 0
    private var hasCalled = false

    /// A value that is longer is passed on as a text.
    private static let longestValue = 4 << 20

    init(_ notation: TaggedNotation, after opener: String, tools: ToolSchemas) {
        self.notation = notation
        self.tools = tools
        isBare = Array(opener.utf8) == notation.function?.begin
        state = isBare || notation.function == nil ? .functionName : .block
    }

    mutating func read(_ input: [UInt8], _ events: inout [ToolCallEvent]) -> ToolCallReading {
        buffer.bytes += input
        while true {
            let step: Step
            switch state {
            case .block: step = readBlock()
            case .functionName: step = readFunctionName(&events)
            case .parameters: step = readParameters(&events)
            case .value(let parameter, let form): step = readValue(parameter, form, &events)
            }
            switch step {
            case .goOn: continue
            case .wait: return .more
            case .leave(let rest): return .ended(rest: rest)
            case .notACall: return .notACall(rest: buffer.restored)
            }
        }
    }

    private enum Step {
        case goOn, wait, notACall
        case leave([UInt8])
    }

    private mutating func readBlock() -> Step {
        let opens = notation.function.map { buffer.take($0.begin) } ?? false
        if opens == true {
            state = .functionName
            return .goOn
        }
        guard hasCalled else { return opens == nil ? .wait : .notACall }
        let closes = buffer.take(notation.block.end)
        return closes == true || opens == false && closes == false ? .leave(buffer.bytes) : .wait
    }

    private mutating func readFunctionName(_ events: inout [ToolCallEvent]) -> Step {
        let isBlock = notation.function == nil
        let head = isBlock ? buffer.word(before: [notation.parameter.begin, notation.block.end]) : buffer.name(before: [UInt8(ascii: ">")])
        switch head {
        case .unfinished: return .wait
        case .found(let text, let rest) where isFunction(text):
            let name = TaggedNotation.unquoted(text)
            buffer.bytes = rest
            function = name
            parameterCount = 0
            hasCalled = true
            events.append(.started(name: name))
            state = .parameters
            return .goOn
        // What only looked like a function is text again. An opener that was a function's own is put back by the caller.
        case .found, .none: return hasCalled ? .leave(buffer.restored) : .notACall
        }
    }

    private func isFunction(_ text: String) -> Bool {
        let name = TaggedNotation.unquoted(text)
        return !name.isEmpty && !name.contains(where: \.isNewline) && (!isBare || tools.has(name))
    }

    private mutating func readParameters(_ events: inout [ToolCallEvent]) -> Step {
        let opens = buffer.take(notation.parameter.begin)
        if opens == true { return readParameterName(&events) }
        let closes = buffer.take(notation.function?.end ?? notation.block.end)
        // The model may leave the closing tag out.
        guard closes == true || opens == false && closes == false else { return .wait }
        endCall(&events)
        if notation.function == nil { return .leave(buffer.bytes) }
        state = .block
        return .goOn
    }

    private mutating func readParameterName(_ events: inout [ToolCallEvent]) -> Step {
        switch buffer.name(before: notation.parameter.nameEnd, then: notation.value.begin) {
        case .unfinished:
            buffer.bytes = buffer.restored
            return .wait
        case .none:
            breakOff(&events)
            return .leave(buffer.restored)
        case .found(let text, let rest):
            let name = TaggedNotation.unquoted(text)
            buffer.bytes = rest
            let types = tools.types(of: name, in: function)
            let isText = types.isEmpty || types == ["string"]
            events.append(.arguments((parameterCount == 0 ? "{" : ", ") + JSON.string(name).text + ": " + (isText ? "\"" : "")))
            parameterCount += 1
            state = .value(parameter: name, isText ? .text(isBegun: false) : .whole)
            searched = 0
            return .goOn
        }
    }

    private func endCall(_ events: inout [ToolCallEvent]) {
        events += [.arguments(parameterCount == 0 ? "{}" : "}"), .finished]
    }

    /// Ends a call that is not whole: its arguments stay open, so that nobody takes them for all that was meant.
    private func breakOff(_ events: inout [ToolCallEvent]) {
        events += [.arguments(parameterCount == 0 ? "{" : ""), .finished]
    }

    private mutating func readValue(_ parameter: String, _ form: ValueForm, _ events: inout [ToolCallEvent]) -> Step {
        let closers = notation.valueClosers
        if case .text(let isBegun) = form, !isBegun, notation.breaksLines {
            guard let first = buffer.bytes.first else { return .wait }
            // An empty value may be `\n</parameter>`, whose line break belongs to the tag.
            if first == 0x0A, !buffer.bytes.starts(with: closers[0]) {
                if closers[0].starts(with: buffer.bytes) { return .wait }
                buffer.bytes.removeFirst()
            }
            state = .value(parameter: parameter, .text(isBegun: true))
        }
        if case .whole = form { return readWholeValue(parameter, closers, &events) }
        let end = MarkerScan.first(of: closers, in: buffer.bytes)?.range
        let length = end?.lowerBound ?? buffer.bytes.count - MarkerScan.heldLength(closers, buffer.bytes)
        let text = Self.escaped(buffer.bytes[..<length])
        guard let end else {
            if !text.isEmpty { events.append(.arguments(text)) }
            buffer.bytes = Array(buffer.bytes[length...])
            return .wait
        }
        events.append(.arguments(text + "\""))
        buffer.bytes = Array(buffer.bytes[end.upperBound...])
        state = .parameters
        return .goOn
    }

    private mutating func readWholeValue(_ parameter: String, _ closers: [[UInt8]], _ events: inout [ToolCallEvent]) -> Step {
        let end = MarkerScan.first(of: closers, in: buffer.bytes, from: searched)?.range
        guard let end, end.upperBound <= Self.longestValue else {
            searched = max(0, buffer.bytes.count - closers[0].count + 1)
            guard buffer.bytes.count > Self.longestValue else { return .wait }
            events.append(.arguments("\""))
            state = .value(parameter: parameter, .text(isBegun: false))
            return .goOn
        }
        events.append(.arguments(value(of: buffer.bytes[..<end.lowerBound], parameter)))
        buffer.bytes = Array(buffer.bytes[end.upperBound...])
        state = .parameters
        return .goOn
    }

    private func value(of bytes: ArraySlice<UInt8>, _ parameter: String) -> String {
        let text = String(decoding: bytes.drop { $0 == 0x0A && notation.breaksLines }, as: UTF8.self)
        return (ToolSchemas.value(of: text, types: tools.types(of: parameter, in: function)) ?? .string(text)).text
    }

    mutating func finish(isComplete: Bool, _ events: inout [ToolCallEvent]) -> ToolCallReading {
        switch state {
        case .block where hasCalled:
            let isNotation = notation.block.end.starts(with: buffer.bytes.drop(while: MarkerScan.isSpace))
            return .ended(rest: isNotation ? [] : buffer.bytes)
        case .block: return .notACall(rest: buffer.bytes)
        case .functionName: return hasCalled ? .ended(rest: buffer.restored) : .notACall(rest: buffer.restored)
        case .parameters: break
        case .value(let parameter, let form):
            let text: String
            if case .whole = form {
                text = isComplete ? value(of: buffer.bytes[...], parameter) : String(decoding: buffer.bytes, as: UTF8.self)
            } else {
                text = Self.escaped(buffer.bytes[...]) + (isComplete ? "\"" : "")
            }
            if !text.isEmpty { events.append(.arguments(text)) }
        }
        if isComplete { endCall(&events) } else { breakOff(&events) }
        return .ended(rest: [])
    }

    /// The inside of a JSON string.
    private static func escaped(_ bytes: ArraySlice<UInt8>) -> String {
        // By bytes: a mark that combines with the quote before it is one character with it.
        String(decoding: JSON.string(String(decoding: bytes, as: UTF8.self)).bytes.dropFirst().dropLast(), as: UTF8.self)
    }
}
