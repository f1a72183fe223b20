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
    public struct Options: Sendable {
        /// `msg_…`, unique: clients merge answers that share an id.
        public var id: String
        /// The client's own name of the model.
        public var model: String
        public var names: ToolNames
        /// Put on thinking blocks: says whose they are. Never empty, or clients fail.
        public var signature: String
        public var showsThinking: Bool
        /// False keeps the first call alone.
        public var allowsParallelCalls: Bool
        /// The answer was only asked for to warm a cache.
        public var discardsOutput: Bool
        public var maximumHeldBytes: Int

        public init(
            id: String, model: String, names: ToolNames = ToolNames(), signature: String = "anyclaude.v1", showsThinking: Bool = true,
            allowsParallelCalls: Bool = true, discardsOutput: Bool = false, maximumHeldBytes: Int = 16 << 20
        ) {
            self.id = id
            self.model = model
            self.names = names
            self.signature = signature
            self.showsThinking = showsThinking
            self.allowsParallelCalls = allowsParallelCalls
            self.discardsOutput = discardsOutput
            self.maximumHeldBytes = maximumHeldBytes
        }
    }

    public enum Input: Sendable {
        case chunk(JSON)
        /// `[DONE]`, or the end of the body.
        case end
        /// Upstream cannot go on.
        case failure(AnthropicError)
    }

    private enum Kind: Sendable, Equatable { case text, thinking, tool }

    private let options: Options
    private var hasStarted = false
    public private(set) var isOver = false
    private var open: Kind?
    private var index = -1
    /// White space that begins a text block: kept until a word follows, since a block of nothing else is refused by clients.
    private var space = ""
    private var calls = ToolCallQueue()
    private var streamed = 0
    /// Text and thinking that came after the first call; they follow the calls.
    private var trailing: [(kind: Kind, text: String)] = []
    private var trailingBytes = 0
    private var finishReason: OpenAI.FinishReason?
    private var stopString: String?
    public private(set) var usage: OpenAI.Usage?

    public init(_ options: Options) { self.options = options }

    /// - Returns: the events that the input causes, in order; none after the end.
    public mutating func receive(_ input: Input) -> [MessageEvent] {
        guard !isOver else { return [] }
        var events: [MessageEvent] = []
        switch input {
        case .chunk(let json):
            do {
                take(try OpenAI.ChatChunk(json), &events)
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
                for call in choice.delta.toolCalls { add(call, &events) }
            }
            if let reason = choice.finishReason { finishReason = reason }
            if let stop = choice.stopString { stopString = stop }
        }
        if calls.bytes + trailingBytes > options.maximumHeldBytes {
            fail(AnthropicError(.api, "the tool calls of the answer are longer than \(options.maximumHeldBytes) bytes", shouldRetry: false), &events)
        }
    }

    private mutating func start(_ events: inout [MessageEvent]) {
        guard !hasStarted else { return }
        hasStarted = true
        var usage = self.usage?.message ?? MessageUsage()
        usage.thinking = nil
        events.append(.messageStart(id: options.id, model: options.model, usage: usage))
    }

    private mutating func add(_ kind: Kind, _ text: String, _ events: inout [MessageEvent]) {
        guard !text.isEmpty else { return }
        if !calls.calls.isEmpty {
            trailing.append((kind, text))
            trailingBytes += text.utf8.count
            return
        }
        write(kind, text, &events)
    }

    private mutating func write(_ kind: Kind, _ text: String, _ events: inout [MessageEvent]) {
        var text = text
        if open != kind {
            if kind == .text {
                space += text
                guard space.contains(where: { !$0.isWhitespace }) else { return }
                text = space
            }
            begin(kind, kind == .text ? .text : .thinking, &events)
        }
        events.append(.blockDelta(index: index, kind == .text ? .text(text) : .thinking(text)))
    }

    private mutating func add(_ delta: OpenAI.ChatChunk.ToolCallDelta, _ events: inout [MessageEvent]) {
        let position = calls.add(delta)
        guard position == 0 else { return }
        streamFirstCall(&events)
    }

    /// The first call's arguments as they come, once its name is whole.
    private mutating func streamFirstCall(_ events: inout [MessageEvent]) {
        guard let call = calls.calls.first, call.isNamed, !call.name.isEmpty else { return }
        if open != .tool { beginCall(call, &events) }
        let bytes = call.arguments.utf8
        guard bytes.count > streamed else { return }
        let start = bytes.index(bytes.startIndex, offsetBy: streamed)
        events.append(.blockDelta(index: index, .inputJSON(String(call.arguments[start...]))))
        streamed = bytes.count
    }

    private mutating func beginCall(_ call: ToolCallQueue.Call, _ events: inout [MessageEvent]) {
        begin(.tool, .toolUse(id: ToolInput.callID(message: options.id, index: index + 1), name: options.names.original(call.name)), &events)
    }

    // MARK: blocks

    private mutating func begin(_ kind: Kind, _ block: MessageEvent.Block, _ events: inout [MessageEvent]) {
        close(&events)
        space = ""
        index += 1
        open = kind
        events.append(.blockStart(index: index, block))
    }

    private mutating func close(_ events: inout [MessageEvent]) {
        guard let kind = open else { return }
        if kind == .thinking { events.append(.blockDelta(index: index, .signature(options.signature))) }
        events.append(.blockStop(index: index))
        open = nil
    }

    // MARK: the end

    private mutating func finish(_ events: inout [MessageEvent]) {
        guard let reason = finishReason else {
            return fail(AnthropicError(.api, "the model's server ended the stream before the answer was complete"), &events)
        }
        guard !reason.isBrokenOff else {
            return fail(AnthropicError(.api, "the model's server broke its answer off (`\(reason.rawValue)`)"), &events)
        }
        if let nameless = calls.calls.first(where: { $0.name.isEmpty }) {
            return fail(AnthropicError(.api, "the model's server sent a tool call without a name (index \(nameless.index))"), &events)
        }
        for (position, call) in calls.calls.enumerated() where position == 0 || options.allowsParallelCalls {
            if position > 0 || open != .tool { beginCall(call, &events) }
            if position > 0, !call.arguments.isEmpty { events.append(.blockDelta(index: index, .inputJSON(call.arguments))) }
        }
        if !trailing.isEmpty { close(&events) }
        for piece in trailing { write(piece.kind, piece.text, &events) }
        close(&events)
        let stop = self.stop(for: reason)
        events.append(.messageDelta(stop: stop, stopSequence: stop == .stopSequence ? stopString : nil, usage: usage?.message ?? MessageUsage()))
        events.append(.messageStop)
        isOver = true
    }

    private func stop(for reason: OpenAI.FinishReason) -> StopReason {
        if options.discardsOutput { return .maxTokens }
        switch reason {
        case .length: return .maxTokens
        case .contextFull: return .contextWindowExceeded
        case .contentFilter: return .refusal
        // Some servers say `stop` behind a call.
        default: return !calls.calls.isEmpty ? .toolUse : stopString != nil ? .stopSequence : .endTurn
        }
    }

    private mutating func fail(_ error: AnthropicError, _ events: inout [MessageEvent]) {
        events.append(.error(error))
        isOver = true
    }
}
