import JSON

/// Reads the functions of one block. Texts are passed on as they come; other values when they are whole, typed by the schema.
struct QwenCoderReader: ToolCallReader {
    private enum State {
        /// Before `<function=`.
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

    private let tools: ToolSchemas
    private var state: State
    private var buffer: [UInt8] = []
    private var function = ""
    private var parameterCount = 0
    private var hasCalled = false

    private static let functionOpener = Array("<function=".utf8)
    private static let functionCloser = Array("</function>".utf8)
    private static let parameterOpener = Array("<parameter=".utf8)
    private static let parameterCloser = Array("</parameter>".utf8)
    /// The line break before the closing tag is notation too.
    private static let valueClosers = [Array("\n</parameter>".utf8), parameterCloser]
    private static let blockCloser = Array("</tool_call>".utf8)
    private static let longestName = 1024

    init(tools: ToolSchemas, isInFunction: Bool) {
        self.tools = tools
        state = isInFunction ? .functionName : .block
    }

    mutating func read(_ input: [UInt8], _ events: inout [ToolCallEvent]) -> ToolCallReading {
        buffer += input
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
            case .notACall: return .notACall(rest: buffer)
            }
        }
    }

    private enum Step {
        case goOn, wait, notACall
        case leave([UInt8])
    }

    /// Takes `tag` from the front of the buffer, white space before it included; nil where it cannot be told yet.
    private mutating func take(_ tag: [UInt8]) -> Bool? {
        let rest = buffer.drop(while: MarkerScan.isSpace)
        if rest.starts(with: tag) {
            buffer = Array(rest.dropFirst(tag.count))
            return true
        }
        return tag.starts(with: rest) ? nil : false
    }

    private mutating func readBlock() -> Step {
        let opens = take(Self.functionOpener)
        if opens == true {
            state = .functionName
            return .goOn
        }
        guard hasCalled else { return opens == nil ? .wait : .notACall }
        let closes = take(Self.blockCloser)
        if closes == true { return .leave(buffer) }
        return opens == nil || closes == nil ? .wait : .leave(buffer)
    }

    private mutating func readFunctionName(_ events: inout [ToolCallEvent]) -> Step {
        guard let end = buffer.firstIndex(of: UInt8(ascii: ">")) else { return buffer.count > Self.longestName ? fallBack() : .wait }
        let name = Self.trimmed(buffer[..<end])
        guard !name.isEmpty, !name.contains(where: \.isNewline) else { return fallBack() }
        buffer = Array(buffer[(end + 1)...])
        function = name
        parameterCount = 0
        hasCalled = true
        events.append(.started(name: name))
        state = .parameters
        return .goOn
    }

    /// What only looked like a function is text again.
    private mutating func fallBack() -> Step {
        if hasCalled { return .leave(Self.functionOpener + buffer) }
        // The opener itself may have been `<function=`, which the caller puts back.
        return .notACall
    }

    private mutating func readParameters(_ events: inout [ToolCallEvent]) -> Step {
        let opens = take(Self.parameterOpener)
        if opens == true {
            guard let end = buffer.firstIndex(of: UInt8(ascii: ">")) else {
                buffer = Self.parameterOpener + buffer
                return .wait
            }
            let name = Self.trimmed(buffer[..<end])
            buffer = Array(buffer[(end + 1)...])
            let types = tools.types(of: name, in: function)
            let isText = types.isEmpty || types == ["string"]
            events.append(.arguments((parameterCount == 0 ? "{" : ", ") + JSON.string(name).text + ": " + (isText ? "\"" : "")))
            parameterCount += 1
            state = .value(parameter: name, isText ? .text(isBegun: false) : .whole)
            return .goOn
        }
        let closes = take(Self.functionCloser)
        if closes == true {
            endCall(&events)
            state = .block
            return .goOn
        }
        guard opens == false, closes == false else { return .wait }
        // The model left `</function>` out.
        endCall(&events)
        state = .block
        return .goOn
    }

    private func endCall(_ events: inout [ToolCallEvent]) {
        events += [.arguments(parameterCount == 0 ? "{}" : "}"), .finished]
    }

    private mutating func readValue(_ parameter: String, _ form: ValueForm, _ events: inout [ToolCallEvent]) -> Step {
        if case .text(let isBegun) = form, !isBegun {
            guard let first = buffer.first else { return .wait }
            // An empty value may be `\n</parameter>`, whose line break belongs to the tag.
            if first == 0x0A, MarkerScan.first(of: Self.valueClosers, in: buffer)?.range.lowerBound != 0 {
                if Self.valueClosers[0].starts(with: buffer) { return .wait }
                buffer.removeFirst()
            }
            state = .value(parameter: parameter, .text(isBegun: true))
        }
        let end = MarkerScan.first(of: Self.valueClosers, in: buffer)?.range
        if case .whole = form {
            guard let end else { return .wait }
            let text = String(decoding: buffer[..<end.lowerBound].drop { $0 == 0x0A }, as: UTF8.self)
            events.append(.arguments(value(of: text, parameter)))
            buffer = Array(buffer[end.upperBound...])
            state = .parameters
            return .goOn
        }
        let length = end?.lowerBound ?? buffer.count - MarkerScan.heldLength(Self.valueClosers, buffer)
        let text = Self.escaped(buffer[..<length])
        guard let end else {
            if !text.isEmpty { events.append(.arguments(text)) }
            buffer = Array(buffer[length...])
            return .wait
        }
        events.append(.arguments(text + "\""))
        buffer = Array(buffer[end.upperBound...])
        state = .parameters
        return .goOn
    }

    private func value(of text: String, _ parameter: String) -> String {
        (ToolSchemas.value(of: text, types: tools.types(of: parameter, in: function)) ?? .string(text)).text
    }

    mutating func finish(isComplete: Bool, _ events: inout [ToolCallEvent]) -> ToolCallReading {
        switch state {
        case .block where hasCalled: return .ended(rest: buffer.allSatisfy(MarkerScan.isSpace) ? [] : buffer)
        case .block, .functionName: return hasCalled ? .ended(rest: Self.functionOpener + buffer) : .notACall(rest: buffer)
        case .parameters:
            if isComplete { endCall(&events) } else { events.append(.finished) }
        case .value(let parameter, let form):
            let rest = String(decoding: buffer, as: UTF8.self)
            var text: String
            if case .whole = form { text = isComplete ? value(of: rest, parameter) : rest } else { text = Self.escaped(buffer[...]) }
            if isComplete, case .text = form { text += "\"" }
            if !text.isEmpty { events.append(.arguments(text)) }
            if isComplete { endCall(&events) } else { events.append(.finished) }
        }
        return .ended(rest: [])
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> String {
        var bytes = bytes.drop(while: MarkerScan.isSpace)
        while let last = bytes.last, MarkerScan.isSpace(last) { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The inside of a JSON string.
    private static func escaped(_ bytes: ArraySlice<UInt8>) -> String {
        String(JSON.string(String(decoding: bytes, as: UTF8.self)).text.dropFirst().dropLast())
    }
}
