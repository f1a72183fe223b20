import JSON

/// A server's answer told as a chat completion: bytes in, in any split; what the client gets out.
public struct ChatAnswer: Sendable {
    private enum Source {
        /// Chat chunks in which calls or thinking stand in the text.
        case chat(MessageStream)
        /// The Messages API.
        case messages
    }
    private var source: Source
    private var body = AnswerBody()
    private var chunks: ChatChunkStream

    /// - Parameter chat: how chat chunks are read; nil where the server speaks the Messages API.
    public init(_ chunks: ChatChunkStream, chat: MessageStream.Options?) {
        source = chat.map { .chat(MessageStream($0)) } ?? .messages
        self.chunks = chunks
    }

    /// Nothing more is read: the answer is whole, or has failed, though the server goes on.
    public var isCutShort: Bool {
        if case .chat(let stream) = source, stream.isCutShort { return true }
        return false
    }

    /// What the server has counted; nil as long as it has not.
    public var usage: OpenAI.Usage? {
        switch source {
        case .chat(let stream): stream.usage
        case .messages: chunks.usage.prompt > 0 ? OpenAI.Usage(chunks.usage) : nil
        }
    }

    public mutating func feed(_ bytes: UnsafeRawBufferPointer) -> [ChatChunkStream.Output] { outputs(of: body.feed(bytes)) }

    public mutating func finish() -> [ChatChunkStream.Output] { outputs(of: body.finish()) + chunks.finish() }

    private mutating func outputs(of inputs: [MessageStream.Input]) -> [ChatChunkStream.Output] {
        inputs.flatMap { input in events(of: input).flatMap { chunks.receive($0) } }
    }

    private mutating func events(of input: MessageStream.Input) -> [MessageEvent] {
        switch (source, input) {
        case (.chat(var stream), _):
            let events = stream.receive(input)
            source = .chat(stream)
            return events
        case (.messages, .failure(let error)): return [.error(error)]
        // A piece is of chat chunks.
        case (.messages, .end), (.messages, .piece): return []
        case (.messages, .chunk(let json)):
            // A server that does not stream.
            if json["type"] == "message" { return MessageReplay.events(of: json, id: "", model: "") ?? [] }
            return MessageEvent(json).map { [$0] } ?? []
        }
    }
}
