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
    private var blocks: MessageBlocks
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
    public private(set) var usage: OpenAI.Usage?

    public init(_ options: Options) {
        self.options = options
        blocks = MessageBlocks(signature: options.signature)
    }

    /// - Returns: the events that the input causes, in order; none after the end.
    public mutating func receive(_ input: Input) -> [MessageEvent] {
        guard !isOver else { return [] }
        var events: [MessageEvent] = []
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
        case .end: finish(&events)
        case .failure(let error): fail(error, &events)
        }
        return events
    }

    // MARK: chunks

    private mutating func take(_ chunk: OpenAI.ChatChunk, _ events: inout [MessageEvent]) {
        if let usage = chunk.usage { self.usage = usage.merged(over: self.usage) }
        start(&events)
        if let choice = chunk.choices.first {
            if !options.discardsOutput {
                if let reasoning = choice.delta.reasoning, options.showsThinking { add(.thinking, reasoning, &events) }
                if let content = choice.delta.content { add(.text, content, &events) }
                for call in choice.delta.toolCalls where !calls.isTooLong { add(call, &events) }
            }
            if let reason = choice.finishReason { finishReason = reason }
            if let stop = choice.stopString { stopString = stop }
        }
        if calls.isTooLong {
            fail(AnthropicError(.api, "the answer has more than \(ToolCallQueue.maximumCalls) tool calls", shouldRetry: false), &events)
        } else if calls.bytes + trailingBytes + blocks.space.utf8.count > options.maximumHeldBytes {
            let message = "the answer's tool calls, and what waits for their end, are longer than \(options.maximumHeldBytes) bytes"
            fail(AnthropicError(.api, message, shouldRetry: false), &events)
        }
    }

    private mutating func start(_ events: inout [MessageEvent]) {
        guard !hasStarted else { return }
        hasStarted = true
        var usage = self.usage?.message ?? MessageUsage()
        usage.thinking = nil
        events.append(.messageStart(id: options.id, model: options.model, usage: usage))
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
        guard calls.add(delta) == 0, let call = calls.calls.first, call.isNamed else { return }
        if blocks.open != .tool { beginCall(call, &events) }
        tellArguments(of: call, &events)
    }

    private mutating func beginCall(_ call: ToolCallQueue.Call, _ events: inout [MessageEvent]) {
        streamed = 0
        let id = ToolInput.callID(message: options.id, index: blocks.index + 1)
        blocks.begin(.tool, .toolUse(id: id, name: options.names.original(call.name)), &events)
    }

    private mutating func tellArguments(of call: ToolCallQueue.Call, _ events: inout [MessageEvent]) {
        let bytes = call.arguments.utf8
        guard bytes.count > streamed else { return }
        let start = bytes.index(bytes.startIndex, offsetBy: streamed)
        events.append(.blockDelta(index: blocks.index, .inputJSON(String(call.arguments[start...]))))
        streamed = bytes.count
    }

    // MARK: the end

    private mutating func finish(_ events: inout [MessageEvent]) {
        guard let reason = finishReason else {
            let said = unread.map { "; it said: \($0)" } ?? ""
            return fail(AnthropicError(.api, "the model's server ended the stream before the answer was complete\(said)"), &events)
        }
        guard !reason.isBrokenOff else {
            return fail(AnthropicError(.api, "the model's server broke its answer off (`\(reason.rawValue)`)"), &events)
        }
        if reason == .length || reason == .contentFilter { calls.dropWithoutArguments() }
        let told = options.allowsParallelCalls ? calls.calls[...] : calls.calls.prefix(1)
        if let nameless = told.first(where: { $0.name.isEmpty }) {
            return fail(AnthropicError(.api, "the model's server sent a tool call without a name (index \(nameless.index))"), &events)
        }
        for (position, call) in told.enumerated() {
            if position > 0 || blocks.open != .tool { beginCall(call, &events) }
            tellArguments(of: call, &events)
        }
        if !trailing.isEmpty { blocks.close(&events) }
        for piece in trailing { blocks.write(piece.kind, piece.text, &events) }
        blocks.close(&events)
        let stop = self.stop(for: reason)
        events.append(.messageDelta(stop: stop, stopSequence: stop == .stopSequence ? stopString : nil, usage: usage?.message ?? MessageUsage()))
        events.append(.messageStop)
        isOver = true
    }

    private func stop(for reason: OpenAI.FinishReason) -> StopReason {
        if options.discardsOutput { return .maxTokens }
        switch reason {
        case .length: return isFull ? .contextWindowExceeded : .maxTokens
        case .contentFilter: return .refusal
        // Some servers say `stop` behind a call.
        default: return !calls.calls.isEmpty ? .toolUse : stopString != nil ? .stopSequence : .endTurn
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
