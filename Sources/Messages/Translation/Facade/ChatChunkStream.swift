import JSON

/// A streamed message told as a streamed chat completion, for clients of that API: events in, chunks out, no I/O.
///
/// One chunk with the role; then the pieces of text, thinking (`reasoning_content`) and calls, each in the block that has begun; one
/// chunk with the reason; one with the usage, where the client asks for it; the end. Or, at any point, one failure, and nothing
/// after it: an answer that was not ended is never given a reason.
public struct ChatChunkStream: Sendable {
    public enum Output: Sendable, Equatable {
        case chunk(OpenAI.ChatChunk)
        /// A line that clients pass over: the server lives.
        case keepAlive
        case failure(OpenAI.Failure)
        /// `[DONE]`
        case end
    }

    private let id: String
    private let model: String
    private let created: Int
    private let includesUsage: Bool
    /// Index of the call in each block that is one.
    private var calls: [Int: Int] = [:]
    /// As far as the events have counted it.
    private(set) var usage = MessageUsage()
    private var hasReason = false
    public private(set) var isOver = false

    /// - Parameters:
    ///   - model: the client's own name of it.
    ///   - created: Unix seconds.
    public init(id: String, model: String, created: Int, includesUsage: Bool) {
        self.id = id
        self.model = model
        self.created = created
        self.includesUsage = includesUsage
    }

    public mutating func receive(_ event: MessageEvent) -> [Output] {
        guard !isOver else { return [] }
        switch event {
        case .messageStart(_, _, let usage):
            self.usage = usage
            return [chunk(.init(role: "assistant", content: ""))]
        case .blockStart(let index, .toolUse(let id, let name)):
            calls[index] = calls.count
            return [chunk(.init(toolCalls: [.init(index: calls.count - 1, id: id, name: name, arguments: "")]))]
        case .blockDelta(_, .text(let text)): return text.isEmpty ? [] : [chunk(.init(content: text))]
        case .blockDelta(_, .thinking(let text)): return text.isEmpty ? [] : [chunk(.init(reasoning: text))]
        case .blockDelta(let index, .inputJSON(let text)):
            guard let call = calls[index], !text.isEmpty else { return [] }
            return [chunk(.init(toolCalls: [.init(index: call, arguments: text)]))]
        case .messageDelta(let stop, let sequence, let usage):
            // Some deltas count the answer alone.
            self.usage = usage.input + usage.cacheRead + usage.cacheCreation == 0 ? self.usage.withOutput(of: usage) : usage
            hasReason = true
            return [chunk(.init(), OpenAI.FinishReason(stop), stopString: sequence)]
        case .messageStop:
            guard hasReason else { return fail(AnthropicError(.api, "the answer ended without a reason")) }
            isOver = true
            let last = OpenAI.ChatChunk(id: id, model: model, created: created, choices: [], usage: OpenAI.Usage(usage))
            return (includesUsage ? [.chunk(last)] : []) + [.end]
        case .ping: return [.keepAlive]
        case .error(let error): return fail(error)
        case .blockStart, .blockStop, .blockDelta(_, .signature): return []
        }
    }

    /// The events have ended, wherever that was.
    public mutating func finish() -> [Output] {
        isOver ? [] : fail(AnthropicError(.api, "the model's server ended the stream before the answer was complete"))
    }

    private mutating func fail(_ error: AnthropicError) -> [Output] {
        isOver = true
        return [.failure(OpenAI.Failure(error))]
    }

    private func chunk(_ delta: OpenAI.ChatChunk.Delta, _ reason: OpenAI.FinishReason? = nil, stopString: String? = nil) -> Output {
        .chunk(
            OpenAI.ChatChunk(
                id: id, model: model, created: created, choices: [.init(delta: delta, finishReason: reason, stopString: stopString)]))
    }
}

extension ChatChunkStream.Output {
    /// As it goes over the wire.
    public var bytes: [UInt8] {
        switch self {
        case .chunk(let chunk): SSEWriter.event(data: chunk.json.bytes)
        case .keepAlive: SSEWriter.comment("ping")
        case .failure(let failure): SSEWriter.event(data: failure.json.bytes)
        case .end: SSEWriter.event(data: Array(OpenAI.streamEnd.utf8))
        }
    }
}

extension MessageUsage {
    fileprivate func withOutput(of later: MessageUsage) -> MessageUsage {
        var usage = self
        usage.output = later.output
        usage.thinking = later.thinking
        usage.cost = later.cost ?? cost
        return usage
    }
}

extension OpenAI.Usage {
    public init(_ usage: MessageUsage) {
        self.init(
            promptTokens: usage.input + usage.cacheCreation + usage.cacheRead, completionTokens: usage.output, cachedTokens: usage.cacheRead,
            cacheWriteTokens: usage.cacheCreation == 0 ? nil : usage.cacheCreation, reasoningTokens: usage.thinking, cost: usage.cost)
    }
}

extension OpenAI.FinishReason {
    public init(_ stop: StopReason) {
        self =
            switch stop {
            case .endTurn, .stopSequence: .stop
            case .maxTokens, .contextWindowExceeded: .length
            case .toolUse: .toolCalls
            case .refusal: .contentFilter
            }
    }
}
