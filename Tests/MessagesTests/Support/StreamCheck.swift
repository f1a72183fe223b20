import JSON

@testable import Messages

/// The rules of a well-formed message stream, checked event by event, apart from the code under test.
struct StreamCheck {
    private(set) var started = false
    private(set) var stopped = false
    private(set) var error: AnthropicError?
    private(set) var problems: [String] = []
    private(set) var texts: [String] = []
    private(set) var calls: [Call] = []
    private(set) var thinking = ""
    private(set) var stop: StopReason?
    private(set) var stopSequence: String?
    private(set) var usage = MessageUsage()
    private var open: MessageEvent.Block?
    private var isSigned = false
    private var next = 0
    private var sawDelta = false

    struct Call: Equatable {
        var name: String
        var arguments: String
        init(_ name: String, _ arguments: String) {
            self.name = name
            self.arguments = arguments
        }
    }

    var failed: Bool { error != nil }
    var arguments: [String] { calls.map(\.arguments) }

    mutating func add(_ event: MessageEvent) {
        if failed || stopped { return problems.append("\(event.name) after the end") }
        switch event {
        case .messageStart(let id, _, let usage):
            if started { problems.append("a second message_start") }
            if !id.hasPrefix("msg_") { problems.append("id \(id)") }
            started = true
            self.usage = usage
        case .blockStart(let index, let block):
            if !started || open != nil || index != next || sawDelta { problems.append("block \(index) starts out of turn") }
            open = block
            isSigned = false
            next = index + 1
            if case .text = block { texts.append("") }
            if case .toolUse(let id, let name) = block {
                calls.append(Call(name, ""))
                if id.isEmpty || name.isEmpty { problems.append("a call without id or name") }
            }
        case .blockDelta(let index, let delta):
            if index != next - 1 { problems.append("delta of block \(index)") }
            switch (open, delta) {
            case (.text?, .text(let text)):
                if text.isEmpty { problems.append("an empty delta") }
                texts[texts.count - 1] += text
            case (.thinking?, .thinking(let text)):
                if text.isEmpty || isSigned { problems.append("an empty or late delta of thinking") }
                thinking += text
            case (.thinking?, .signature(let text)):
                if text.isEmpty || isSigned { problems.append("an empty or second signature") }
                isSigned = true
            case (.toolUse?, .inputJSON(let text)):
                if text.isEmpty { problems.append("an empty delta of arguments") }
                calls[calls.count - 1].arguments += text
            default: problems.append("\(delta) in \(String(describing: open))")
            }
        case .blockStop(let index):
            if open == nil || index != next - 1 { problems.append("stop of block \(index)") }
            if case .thinking? = open, !isSigned { problems.append("thinking without a signature") }
            if case .text? = open, texts.last?.contains(where: { !$0.isWhitespace }) != true { problems.append("a blank text block") }
            open = nil
        case .messageDelta(let stop, let sequence, let usage):
            if open != nil || sawDelta || !started { problems.append("message_delta out of turn") }
            if usage.output < self.usage.output { problems.append("output tokens decrease") }
            sawDelta = true
            self.stop = stop
            stopSequence = sequence
            if (sequence != nil) != (stop == .stopSequence) { problems.append("stop_sequence \(sequence ?? "nil") of \(stop)") }
            self.usage = usage
        case .messageStop:
            if !sawDelta { problems.append("message_stop without message_delta") }
            stopped = true
        case .error(let error): self.error = error
        case .ping: break
        }
    }
}

/// What a scripted upstream said, fed through the codec in the given pieces.
func events(of pieces: [[UInt8]], options: MessageStream.Options = MessageStream.Options(id: "msg_1", model: "m")) throws -> [MessageEvent] {
    var parser = SSEParser()
    var stream = MessageStream(options)
    var events: [MessageEvent] = []
    func take(_ event: ServerSentEvent) {
        if event.data.elementsEqual("[DONE]".utf8) {
            events += stream.receive(.end)
        } else if let json = try? JSON(parsing: event.data) {
            events += stream.receive(.chunk(json))
        } else {
            events += stream.receive(.failure(AnthropicError(.api, "not JSON")))
        }
    }
    for piece in pieces { for event in try parser.feed(piece) { take(event) } }
    if let event = try parser.finish() { take(event) }
    return events + stream.receive(.end)
}

func chunk(_ delta: JSON, finish: String? = nil, usage: JSON? = nil) -> JSON {
    var object: JSONObject = ["choices": [["index": 0, "delta": delta, "finish_reason": finish.map(JSON.string) ?? .null]]]
    if let usage { object["usage"] = usage }
    return .object(object)
}

func check(_ chunks: [JSON], options: MessageStream.Options = MessageStream.Options(id: "msg_1", model: "m")) throws -> StreamCheck {
    let bytes = chunks.map { SSEWriter.event(data: $0.bytes) } + [SSEWriter.event(data: Array("[DONE]".utf8))]
    var check = StreamCheck()
    for event in try events(of: bytes, options: options) { check.add(event) }
    return check
}
