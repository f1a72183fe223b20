import JSON

/// A streamed chat completion told as a streamed message: chunks in, events out, no I/O.
///
/// Invariants, whatever upstream sends, wherever it stops (facts on the API, section 3.3):
/// - nothing, or one `message_start` and then: blocks one after the other, indices from 0, each begun and ended, deltas of the
///   block's own kind; one `message_delta` with a stop reason and the final usage; `message_stop`;
/// - or, at any point, one `error`, and nothing after it. An answer that upstream did not end is an error, never an end;
/// - the joined `partial_json` of a call is what upstream sent, byte for byte;
/// - output tokens never decrease; at most `maximumHeldBytes` wait in memory.
public struct MessageStream: Sendable {
    private let options: Options
    private var hasStarted = false
    public private(set) var isOver = false
    /// The answer is whole though upstream goes on: what it says is not read any more, and it can be told to stop.
    public private(set) var isCutShort = false
    private var blocks: MessageBlocks
    private var text: AnswerText
    private var calls = ToolCallQueue()
    /// Bytes of the open call's arguments that are told.
    private var streamed = 0
    /// Text and thinking that came after the first call; they follow the calls.
    private var trailing: [(kind: MessageBlocks.Kind, text: String)] = []
    private var trailingBytes = 0
    private var finishReason: OpenAI.FinishReason?
    private var stopString: String?
    /// The last line that said nothing of an answer: it may be why there is none.
    private var unread: String?
    /// What the server has counted; nil as long as it has not.
    public private(set) var usage: OpenAI.Usage?
    private var counted = OutputCount()
    /// Upstream's own id of the answer.
    public private(set) var upstreamID: String?

    public init(_ options: Options) {
        self.options = options
        blocks = MessageBlocks(
            signature: options.signature,
            reasoning: CarriedReasoning(isKept: options.keepsReasoningDetails && !options.discardsOutput, isShown: options.showsThinking))
        text = AnswerText(options)
    }

    /// Upstream has said how its answer ends: what may still come is a count.
    public var isDecided: Bool { finishReason != nil }

    /// - Returns: the events that the input causes, in order; none after the end.
    public mutating func receive(_ input: Input) -> [MessageEvent] {
        var events: [MessageEvent] = []
        receive(input, &events)
        return events
    }

    /// The same, behind events that there are.
    public mutating func receive(_ input: Input, _ events: inout [MessageEvent]) {
        guard !isOver else { return }
        switch input {
        case .chunk(let json):
            do {
                let chunk = try OpenAI.ChatChunk(json)
                if json["choices"] == nil, json["usage"] == nil {
                    unread = String(json.text.prefix(200))
                } else {
                    take(chunk, &events)
                }
            } catch {
                fail(UpstreamFailure.error(inStream: error), &events)
            }
        case .piece(let piece): take(piece, &events)
        case .end: finish(&events)
        case .failure(let error): fail(error, &events)
        }
    }

    // MARK: chunks

    private mutating func take(_ piece: PlainChunk, _ events: inout [MessageEvent]) {
        start(&events)
        if let stop = text.stop { return cut(.stop, stop, &events) }
        counted.add(piece)
        guard !options.discardsOutput else { return }
        switch piece.kind {
        case .thinking: if options.showsThinking { add(.thinking, piece.text, &events) }
        case .text where text.isPlain: add(.text, text.readPlain(piece.text), &events)
        case .text: tell(text.read(piece.text), &events)
        }
        checkBounds(&events)
    }

    private mutating func take(_ chunk: OpenAI.ChatChunk, _ events: inout [MessageEvent]) {
        if let usage = chunk.usage { self.usage = usage.merged(over: self.usage) }
        if upstreamID == nil, !chunk.id.isEmpty { upstreamID = chunk.id }
        start(&events)
        if let choice = chunk.choices.first { take(choice, &events) }
        checkBounds(&events)
    }

    private mutating func checkBounds(_ events: inout [MessageEvent]) {
        if calls.isTooLong {
            fail(AnthropicError(.api, "the answer has more than \(ToolCallQueue.maximumCalls) tool calls", shouldRetry: false), &events)
        } else if calls.bytes + trailingBytes + blocks.space.utf8.count > options.maximumHeldBytes {
            let message = "the answer's tool calls, and what waits for their end, are longer than \(options.maximumHeldBytes) bytes"
            fail(AnthropicError(.api, message, shouldRetry: false), &events)
        }
    }

    private mutating func take(_ choice: OpenAI.ChatChunk.Choice, _ events: inout [MessageEvent]) {
        if let stop = text.stop, choice.delta.says {
            // The server does not know the text that ends the answer, and would go on for long.
            return cut(.stop, stop, &events)
        }
        counted.add(choice.delta)
        if !options.discardsOutput {
            blocks.reasoning.add(choice.delta.reasoningDetails)
            if let reasoning = choice.delta.reasoning, options.showsThinking { add(.thinking, reasoning, &events) }
            if let content = choice.delta.content { tell(text.read(content), &events) }
            for call in choice.delta.toolCalls where !calls.isTooLong { add(call, &events) }
        }
        if let reason = choice.finishReason { finishReason = reason }
        if let stop = choice.stopString { stopString = stop }
        if !options.allowsParallelCalls, options.allowsCalls, calls.calls.count > 1, calls.firstIsWhole() { cut(.toolCalls, nil, &events) }
    }

    private mutating func start(_ events: inout [MessageEvent]) {
        guard !hasStarted else { return }
        hasStarted = true
        var usage = self.usage?.message ?? MessageUsage(input: options.estimatedInput())
        usage.thinking = nil
        events.append(.messageStart(id: options.id, model: options.model, usage: usage))
    }

    private mutating func tell(_ outputs: [OutputEvent], _ events: inout [MessageEvent]) {
        for output in outputs {
            switch output {
            case .text(let text): add(.text, text, &events)
            case .reasoning(let text): if options.showsThinking { add(.thinking, text, &events) }
            case .toolCallStarted(let index, _, let name): add(.init(index: ToolCallQueue.inText + index, name: name), &events)
            case .argumentsDelta(let index, let text): add(.init(index: ToolCallQueue.inText + index, arguments: text), &events)
            case .toolCallFinished: break
            }
        }
    }

    private mutating func add(_ kind: MessageBlocks.Kind, _ text: String, _ events: inout [MessageEvent]) {
        guard !text.isEmpty else { return }
        guard !calls.calls.isEmpty else { return blocks.write(kind, text, &events) }
        trailingBytes += text.utf8.count
        if let last = trailing.indices.last, trailing[last].kind == kind { return trailing[last].text += text }
        trailing.append((kind, text))
        trailingBytes += 64
    }

    /// The first call is told while it comes, from the moment that its name is whole.
    private mutating func add(_ delta: OpenAI.ChatChunk.ToolCallDelta, _ events: inout [MessageEvent]) {
        guard calls.add(delta) == 0, options.allowsCalls, let call = calls.calls.first, call.isNamed else { return }
        if blocks.open != .tool { beginCall(call, &events) }
        tellArguments(of: call, &events)
    }

    private mutating func beginCall(_ call: ToolCallQueue.Call, _ events: inout [MessageEvent]) {
        streamed = 0
        blocks.beginCall(call.upstreamID, message: options.id, name: options.names.original(call.name), &events)
    }

    private mutating func tellArguments(of call: ToolCallQueue.Call, _ events: inout [MessageEvent]) {
        let bytes = call.arguments.utf8
        guard bytes.count > streamed else { return }
        let start = bytes.index(bytes.startIndex, offsetBy: streamed)
        events.append(.blockDelta(index: blocks.index, .inputJSON(String(call.arguments[start...]))))
        streamed = bytes.count
    }

    // MARK: the end

    private mutating func cut(_ reason: OpenAI.FinishReason, _ stop: String?, _ events: inout [MessageEvent]) {
        isCutShort = true
        finishReason = reason
        stopString = stop
        finish(&events)
    }

    private mutating func finish(_ events: inout [MessageEvent]) {
        guard let reason = finishReason ?? text.stop.map({ _ in .stop }) else {
            let said = unread.map { "; it said: \($0)" } ?? ""
            return fail(AnthropicError(.api, "the model's server ended the stream before the answer was complete\(said)"), &events)
        }
        guard !reason.isBrokenOff else {
            return fail(AnthropicError(.api, "the model's server broke its answer off (`\(reason.rawValue)`)"), &events)
        }
        let isLimited = reason == .length || reason == .contentFilter
        if !options.discardsOutput { tell(text.finish(isComplete: !isLimited), &events) }
        if isLimited { calls.dropWithoutArguments() }
        let told = options.allowsParallelCalls ? calls.calls[...] : calls.calls.prefix(1)
        if let nameless = told.first(where: { $0.name.isEmpty }) {
            return fail(AnthropicError(.api, "the model's server sent a tool call without a name (index \(nameless.index))"), &events)
        }
        if options.allowsCalls {
            for (position, call) in told.enumerated() {
                if position > 0 || blocks.open != .tool { beginCall(call, &events) }
                tellArguments(of: call, &events)
            }
        } else {
            for call in calls.calls { blocks.write(.text, call.asText(options.names), &events) }
        }
        if !trailing.isEmpty { blocks.close(&events) }
        for piece in trailing { blocks.write(piece.kind, piece.text, &events) }
        blocks.close(&events)
        // Behind words nothing waits for it, and a client may take the last block for the answer.
        if options.allowsCalls, !told.isEmpty { blocks.carryReasoning(beforeCall: true, &events) }
        let stop = self.stop(for: reason)
        let sequence = stop == .stopSequence ? text.stop ?? stopString : nil
        events.append(.messageDelta(stop: stop, stopSequence: sequence, usage: finalUsage))
        events.append(.messageStop)
        isOver = true
    }

    /// Counts of the server, else estimates: of an answer that was cut short the server's own are not the last.
    private var finalUsage: MessageUsage {
        var usage = self.usage?.message ?? MessageUsage(input: options.estimatedInput())
        if self.usage == nil || isCutShort { usage.output = max(usage.output, counted.tokens) }
        return usage
    }

    private func stop(for reason: OpenAI.FinishReason) -> StopReason {
        if options.discardsOutput { return .maxTokens }
        if text.stop != nil, calls.calls.isEmpty { return .stopSequence }
        switch reason {
        case .length: return isFull ? .contextWindowExceeded : .maxTokens
        case .contentFilter: return .refusal
        // Some servers say `stop` behind a call.
        default: return !calls.calls.isEmpty && options.allowsCalls ? .toolUse : stopString != nil ? .stopSequence : .endTurn
        }
    }

    private var isFull: Bool {
        guard let contextWindow = options.contextWindow, let usage else { return false }
        return usage.promptTokens + usage.completionTokens >= contextWindow
    }

    private mutating func fail(_ error: AnthropicError, _ events: inout [MessageEvent]) {
        events.append(.error(error))
        isOver = true
    }
}
