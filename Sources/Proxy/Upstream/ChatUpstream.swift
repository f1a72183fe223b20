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
    /// An opaque name of the client's conversation; nil where it does not say.
    var session: String?
    private static let maximumLosses = 3

    /// Publishes the answer's events. A service that is not ready is waited for, and one that dies before its first word is asked
    /// again when it is back; the generation's watch bounds both.
    func run(into generation: Generation) async throws {
        let place = try await upstreams.turnstiles.enter(backend)
        defer { withExtendedLifetime(place) {} }
        let entry = try upstreams.prompts.entry(for: request, dialect: backend.dialect)
        switch backend.settings.target {
        case .url(let base):
            do {
                try await ask(at: UpstreamLocation(url: base), entry, nil, generation)
            } catch let error as UpstreamUnreachable {
                throw AnthropicError(.api, error.description)
            }
        case .service(let name):
            try await ask(service: name, entry, generation)
        }
    }

    /// Held while the service starts or comes back. A request that its worker dies of is not sent for ever.
    private func ask(service name: String, _ entry: PromptCache.Entry, _ generation: Generation) async throws {
        var lease = try upstreams.directory.acquire(name)
        var losses = 0
        var hasWaited = false
        while true {
            let location = UpstreamLocation(try await lease.endpoint())
            do {
                return try await ask(at: location, entry, lease, generation)
            } catch let error as UpstreamUnreachable {
                upstreams.workers.forget(location)
                if error.wasSent {
                    losses += 1
                    lease.note(.failed)
                }
                guard losses < Self.maximumLosses else {
                    throw AnthropicError(.api, "the service `\(name)` broke off \(losses) times at this request: \(error.reason)", shouldRetry: false)
                }
                if !hasWaited { upstreams.logger.info("waiting for a service", metadata: ["service": "\(name)", "reason": "\(error.reason)"]) }
                hasWaited = true
                try await lease.news()
                // A lease that was answered hears no more: who asks anew hears what is now.
                lease = try upstreams.directory.acquire(name)
            }
        }
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
        generation.setModel(backend.answeringModel(stated: response.headers.first(name: Native.modelHeader), named: answer.model))
        // Until its last event it may still break off.
        lease?.note(.failed)
        try await relay(response, generation, stream: MessageStream(streamOptions(entry, generation)))
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
        /// Whose answer was asked for.
        var model: String?
    }

    /// The head of the answer. The prefix is left out where the worker is thought to hold it, and sent where it says that it does not.
    private func post(_ entry: PromptCache.Entry, at location: UpstreamLocation) async throws -> Answer {
        let options = try await options(at: location)
        let turns = try RequestTranslation.turns(of: request, prefix: entry.prefix, options: options)
        if mayBeHeld(entry), upstreams.workers.holds(entry.digest, at: location) {
            let response = try await post(entry, turns, isHeld: true, options, location)
            if response.status.code != 409 { return Answer(response: response, isHeld: true, model: options.model) }
            upstreams.workers.forget(prefix: entry.digest, at: location)
        }
        return Answer(response: try await post(entry, turns, isHeld: false, options, location), isHeld: false, model: options.model)
    }

    private func options(at location: UpstreamLocation) async throws -> RequestTranslation.Options {
        var options = RequestTranslation.Options(
            dialect: backend.dialect, model: backend.settings.model, contextWindow: backend.settings.contextWindow,
            maxOutputTokens: backend.settings.maxOutputTokens)
        options.sampling = backend.sampling
        options.extras = RequestExtras(body: backend.extraBody, session: session)
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

    private func streamOptions(_ entry: PromptCache.Entry, _ generation: Generation) -> MessageStream.Options {
        MessageStream.Options(
            id: generation.messageID, model: request.model, names: entry.prefix.names, signature: "\(OwnThinking.mark).\(backend.name)",
            showsThinking: request.thinking != .off, allowsParallelCalls: !request.disablesParallelTools,
            discardsOutput: RequestTranslation.discardsOutput(request, dialect: backend.dialect))
    }

    private func post(
        _ entry: PromptCache.Entry, _ turns: [JSON], isHeld: Bool, _ options: RequestTranslation.Options, _ location: UpstreamLocation
    ) async throws -> HTTPClientResponse {
        let body = try RequestTranslation.body(
            of: request, prefix: entry.prefix, turns: turns, heldPrefix: isHeld ? entry.digest : nil, options: options)
        return try await upstreams.client.send(
            .POST, location.api("/chat/completions"), key: backend.key, json: .object(body), headers: backend.extraHeaders)
    }

    /// Chunks in, events out, to the end of the body, so that the connection can serve again.
    private func relay(_ response: HTTPClientResponse, _ generation: Generation, stream: MessageStream) async throws {
        var stream = stream
        defer {
            generation.setReportsCache(stream.usage?.cachedTokens != nil)
            generation.setCost(stream.usage?.cost)
        }
        guard response.headers.first(name: "content-type")?.lowercased().hasPrefix("text/event-stream") == true else {
            // The server does not stream: its whole answer is one chunk.
            let body = try await UpstreamClient.bytes(of: response, upTo: 32 << 20)
            generation.publish(stream.receive(input(body)))
            generation.publish(stream.receive(.end))
            return
        }
        var parser = SSEParser()
        do {
            for try await buffer in response.body {
                generation.touch()
                var events: [MessageEvent] = []
                for event in try buffer.withUnsafeReadableBytes({ try parser.feed($0) }) { events += stream.receive(input(event.data)) }
                generation.publish(events)
            }
            if let event = try parser.finish() { generation.publish(stream.receive(input(event.data))) }
        } catch let error as SSEError {
            throw AnthropicError(.api, error.message)
        } catch {
            try Task.checkCancellation()
            if !generation.hasContent {
                throw UpstreamUnreachable(url: response.url?.absoluteString ?? backend.name, reason: "\(error)", wasSent: true)
            }
            throw AnthropicError(.api, "the model's server broke off its answer: \(error)")
        }
        generation.publish(stream.receive(.end))
    }

    private func input(_ data: [UInt8]) -> MessageStream.Input {
        if data.elementsEqual("[DONE]".utf8) { return .end }
        do {
            return .chunk(try JSON(parsing: data))
        } catch {
            return .failure(AnthropicError(.api, "the model's server sent a chunk that is not JSON: \(error)"))
        }
    }
}
