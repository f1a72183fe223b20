import AsyncHTTPClient
import JSON
import LaunchPlan
import Messages
import NIOCore

/// One request to a chat-completions server: from the lease to the last event.
struct ChatUpstream: Sendable {
    let upstreams: Upstreams
    let backend: ResolvedBackend
    let request: MessagesRequest

    /// Publishes the answer's events; the generation's watch bounds how long its server is waited for.
    func run(into generation: Generation) async throws {
        let place = try await upstreams.turnstiles.enter(backend)
        defer { withExtendedLifetime(place) {} }
        let entry = try upstreams.prompts.entry(for: request, dialect: backend.dialect)
        try await upstreams.perform(backend) { location, lease in try await ask(at: location, entry, lease, generation) }
    }

    private func ask(at location: UpstreamLocation, _ entry: PromptCache.Entry, _ lease: Lease?, _ generation: Generation) async throws {
        var answer = try await post(entry, at: location)
        if upstreams.workers.forget(location, unlessModelIs: answer.response.headers.first(name: Native.modelHeader)) {
            // Another process answers at this address: the question was put as the one before wanted it.
            answer = try await post(entry, at: location)
        }
        let response = answer.response
        guard response.status.code == 200 else {
            let body = try await UpstreamClient.bytes(of: response)
            // A worker that loads or drains took nothing: it, or its successor, is waited for like one that does not listen yet.
            if response.status.code == 503, case .service = backend.settings.target {
                throw UpstreamUnreachable(url: location.base, reason: "not ready (503)", wasSent: false)
            }
            lease?.note(response.status.code >= 500 ? .failed : .answered)
            throw UpstreamClient.failure(response, body, backend.dialect)
        }
        if answer.isHeld { upstreams.metrics.notResent(bytes: entry.bytes) }
        generation.setKV(response.headers.first(name: Native.cacheHeader))
        generation.setModel(backend.answeringModel(stated: response.headers.first(name: Native.modelHeader), named: answer.options.model))
        // Until its last event it may still break off.
        lease?.note(.failed)
        try await relay(response, generation, stream: MessageStream(streamOptions(entry, answer, generation)))
        lease?.note(.answered)
        if mayBeHeld(entry), !answer.isHeld, generation.isComplete {
            upstreams.workers.offer(entry, at: location, backend: backend, lease: lease)
        }
    }

    private func mayBeHeld(_ entry: PromptCache.Entry) -> Bool {
        backend.dialect.isNative && upstreams.prompts.isEnabled && entry.bytes >= PromptCache.minimumHeldBytes
    }

    private struct Answer {
        var response: HTTPClientResponse
        /// The prefix was not sent, as the worker holds it.
        var isHeld: Bool
        var options: RequestTranslation.Options
        var turns: [JSON]
    }

    /// The head of the answer. The prefix is left out where the worker is thought to hold it, and sent where it says that it does not.
    private func post(_ entry: PromptCache.Entry, at location: UpstreamLocation) async throws -> Answer {
        let options = try await options(at: location)
        let turns = try RequestTranslation.turns(of: request, prefix: entry.prefix, options: options)
        if mayBeHeld(entry), upstreams.workers.holds(entry.digest, at: location) {
            let response = try await post(entry, turns, isHeld: true, options, location)
            if response.status.code != 409 { return Answer(response: response, isHeld: true, options: options, turns: turns) }
            upstreams.workers.forget(prefix: entry.digest, at: location)
        }
        let response = try await post(entry, turns, isHeld: false, options, location)
        return Answer(response: response, isHeld: false, options: options, turns: turns)
    }

    private func options(at location: UpstreamLocation) async throws -> RequestTranslation.Options {
        var options = RequestTranslation.Options(
            dialect: backend.dialect, model: backend.settings.model, contextWindow: backend.settings.contextWindow,
            maxOutputTokens: backend.settings.maxOutputTokens)
        if backend.dialect.inlineSystem == .asked {
            let capabilities = try await capabilities(at: location)
            options.keepsInlineSystem = capabilities.inlineSystem
            options.contextWindow = options.contextWindow ?? capabilities.contextWindow
        }
        if backend.discoversModel { options.model = try await upstreams.workers.loadedModel(at: location, backend: backend) }
        return options
    }

    private func capabilities(at location: UpstreamLocation) async throws -> Native.Capabilities {
        do {
            return try await upstreams.workers.capabilities(at: location, backend: backend)
        } catch let error as AnthropicError where error.kind == .overloaded || error.kind == .timeout {
            // It loads or drains, or a listener without a process took the connection: nothing was begun.
            guard case .service = backend.settings.target else { throw error }
            throw UpstreamUnreachable(url: location.base, reason: error.message, wasSent: false)
        }
    }

    private func streamOptions(_ entry: PromptCache.Entry, _ answer: Answer, _ generation: Generation) -> MessageStream.Options {
        let allowsCalls = request.toolChoice != MessagesRequest.ToolChoice.none
        return MessageStream.Options(
            id: generation.messageID, model: request.model, names: entry.prefix.names, signature: "\(OwnThinking.mark).\(backend.name)",
            showsThinking: request.thinking != .off, allowsCalls: allowsCalls, allowsParallelCalls: !request.disablesParallelTools,
            discardsOutput: RequestTranslation.discardsOutput(request, dialect: backend.dialect), contextWindow: answer.options.contextWindow,
            textFormat: backend.textFormat(of: request, tools: entry.prefix.tools, allowsCalls: allowsCalls),
            stopSequences: request.stopSequences
        ) { [turns = answer.turns, prefix = entry.prefix] in UsageEstimate.tokens(of: prefix.messages + prefix.tools + turns) }
    }

    private func post(
        _ entry: PromptCache.Entry, _ turns: [JSON], isHeld: Bool, _ options: RequestTranslation.Options, _ location: UpstreamLocation
    ) async throws -> HTTPClientResponse {
        let body = try RequestTranslation.body(
            of: request, prefix: entry.prefix, turns: turns, heldPrefix: isHeld ? entry.digest : nil, options: options)
        return try await upstreams.client.send(.POST, location.api("/chat/completions"), key: backend.key, json: .object(body))
    }

    /// Bytes in, events out, to the end of the body, so that the connection can serve again; but an answer that is whole before upstream
    /// ends it is left there, which upstream takes as its end.
    private func relay(_ response: HTTPClientResponse, _ generation: Generation, stream: MessageStream) async throws {
        var stream = stream
        defer { generation.setCounts(stream.usage) }
        var body = AnswerBody()
        do {
            for try await buffer in response.body {
                generation.touch()
                publish(buffer.withUnsafeReadableBytes { body.feed($0) }, &stream, generation)
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
        generation.publish(events)
    }
}
