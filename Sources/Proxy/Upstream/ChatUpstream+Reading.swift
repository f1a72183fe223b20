import AsyncHTTPClient
import Messages
import NIOCore

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
    func relay(
        _ response: HTTPClientResponse, _ generation: Generation, _ pass: BackendHealth.Pass, stream: MessageStream
    ) async throws {
        var stream = stream
        var body = AnswerBody()
        do {
            for try await buffer in response.body {
                generation.touch()
                publish(buffer.withUnsafeReadableBytes { body.feed($0) }, &stream, generation)
                if generation.hasContent { pass.report(.success) }
                if stream.isCutShort { return }
            }
        } catch {
            try Task.checkCancellation()
            // What was still to come is a count.
            if stream.isDecided { return publish([.end], &stream, generation) }
            if !generation.hasContent {
                throw UpstreamUnreachable(url: response.url?.absoluteString ?? backend.name, reason: "\(error)", wasSent: true)
            }
            throw AnthropicError(.api, "the model's server broke off its answer: \(error)")
        }
        publish(body.finish(), &stream, generation)
    }

    private func publish(_ inputs: [MessageStream.Input], _ stream: inout MessageStream, _ generation: Generation) {
        let isNew = stream.upstreamID == nil
        var events: [MessageEvent] = []
        for input in inputs { events += stream.receive(input) }
        if isNew, let id = stream.upstreamID { generation.setUpstreamID(id) }
        // Before whoever listens hears of the end: what was saved is summed up then.
        if !events.isEmpty { generation.setCounts(stream.usage) }
        generation.publish(events)
    }
}
