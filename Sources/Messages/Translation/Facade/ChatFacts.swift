import JSON

/// What a chat completion tells of itself, as far as it has come.
public struct ChatFacts: Sendable {
    /// What the server has counted; nil as long as it has not.
    public private(set) var usage: OpenAI.Usage?
    public private(set) var finishReason: OpenAI.FinishReason?
    public private(set) var error: AnthropicError?
    /// The model has begun to speak.
    public private(set) var hasWords = false

    public init() {}

    /// A chunk, or a whole answer.
    ///
    /// - Returns: whether it says what was counted, and nothing else.
    @discardableResult
    public mutating func take(_ json: JSON) -> Bool {
        do {
            let chunk = try OpenAI.ChatChunk(json)
            usage = chunk.usage?.merged(over: usage) ?? usage
            for choice in chunk.choices.prefix(1) {
                finishReason = choice.finishReason ?? finishReason
                hasWords = hasWords || choice.delta.says
            }
            return json["choices"]?.arrayValue?.isEmpty == true && json["usage"]?.unlessNull != nil
        } catch {
            self.error = self.error ?? UpstreamFailure.error(inStream: error)
            return false
        }
    }

    /// A chunk that says words and nothing else.
    mutating func takeWords() { hasWords = true }

    /// The same of an answer that was told anew.
    public mutating func take(_ output: ChatChunkStream.Output) {
        switch output {
        case .chunk(let chunk):
            for choice in chunk.choices.prefix(1) {
                finishReason = choice.finishReason ?? finishReason
                hasWords = hasWords || choice.delta.says
            }
        case .failure(let failure): error = error ?? UpstreamFailure.error(inStream: failure)
        case .keepAlive, .end: break
        }
    }

    /// - Parameter usage: nil where its server counted nothing.
    public mutating func count(_ usage: OpenAI.Usage?) { self.usage = usage ?? self.usage }
}
