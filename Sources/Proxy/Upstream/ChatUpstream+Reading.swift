import Messages

/// The answer's side: what a server's bytes say, told as the events of a message.
extension ChatUpstream {
    func streamOptions(_ entry: PromptCache.Entry, _ answer: Answer, _ generation: Generation) -> MessageStream.Options {
        let allowsCalls = request.toolChoice != MessagesRequest.ToolChoice.none
        var options = MessageStream.Options(
            id: generation.messageID, model: request.model, names: entry.prefix.names, signature: backend.signature,
            showsThinking: request.thinking != .off, allowsCalls: allowsCalls, allowsParallelCalls: !request.disablesParallelTools,
            discardsOutput: RequestTranslation.discardsOutput(request, dialect: backend.dialect), contextWindow: answer.options.contextWindow,
            textFormat: backend.textFormat(of: request, tools: entry.prefix.tools, allowsCalls: allowsCalls),
            stopSequences: request.stopSequences
        ) { [turns = answer.turns, prefix = entry.prefix] in UsageEstimate.tokens(of: prefix.messages + prefix.tools + turns) }
        options.keepsReasoningDetails = backend.dialect.keepsReasoningDetails
        return options
    }

    /// Bytes in, events out, to the end of the body, so that the connection can serve again; but an answer that is whole before upstream
    /// ends it is left there, which upstream takes as its end.
    ///
    /// - Throws: `EmptyStream` where it has ended in order without a byte, unless it may.
    func relay(
        _ response: UpstreamResponse, _ generation: Generation, _ pass: BackendHealth.Pass, stream: MessageStream, mayBeEmpty: Bool = false
    ) async throws {
        let reader = AnswerReader(generation, pass, stream)
        do {
            try await response.body.read { reader.take($0) }
        } catch {
            try Task.checkCancellation()
            // What was still to come is a count.
            if reader.isDecided { return reader.end() }
            if !generation.hasContent { throw UpstreamUnreachable(url: response.url, reason: "\(error)", wasSent: true) }
            throw AnthropicError(.api, "the model's server broke off its answer: \(error)")
        }
        if reader.isEmpty, !mayBeEmpty { throw EmptyStream() }
        reader.finish()
    }
}

/// A stream that was begun and ended, and has said nothing.
struct EmptyStream: Error {}
