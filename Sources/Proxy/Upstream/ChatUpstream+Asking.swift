import JSON
import LaunchPlan
import Messages

/// The request's side: what is sent to a server.
extension ChatUpstream {
    func mayBeHeld(_ entry: PromptCache.Entry) -> Bool {
        backend.dialect.isNative && upstreams.prompts.isEnabled && entry.bytes >= PromptCache.minimumHeldBytes
    }

    struct Answer {
        var response: UpstreamResponse
        /// The prefix was not sent, as the worker holds it.
        var isHeld: Bool
        var options: RequestTranslation.Options
        var turns: [JSON]
    }

    /// The head of the answer. The prefix is left out where the worker is thought to hold it, and sent where it says that it does not.
    ///
    /// - Parameter most: the longest answer that fits, where that is known.
    func post(
        _ entry: PromptCache.Entry, at location: UpstreamLocation, most: Int? = nil, streams: Bool = true, _ generation: Generation
    ) async throws -> Answer {
        var options = try await options(at: location)
        options.streams = streams
        if let most { options.maxOutputTokens = min(most, options.maxOutputTokens ?? most) }
        let turns = try RequestTranslation.turns(of: request, prefix: entry.prefix, options: options)
        remember(entry, turns, options, generation)
        if mayBeHeld(entry), upstreams.workers.holds(entry.digest, at: location) {
            let response = try await post(entry, turns, isHeld: true, options, location)
            if response.status.code != 409 { return Answer(response: response, isHeld: true, options: options, turns: turns) }
            upstreams.workers.forget(prefix: entry.digest, at: location)
        }
        let response = try await post(entry, turns, isHeld: false, options, location)
        return Answer(response: response, isHeld: false, options: options, turns: turns)
    }

    private func remember(_ entry: PromptCache.Entry, _ turns: [JSON], _ options: RequestTranslation.Options, _ generation: Generation) {
        guard let origin else { return }
        let outline = PromptOutline(
            model: options.model ?? request.model, head: entry.rendered.head, messages: turns,
            parameters: RequestTranslation.templateArguments(of: request, dialect: backend.dialect))
        upstreams.history.begin(
            outline, message: generation.messageID, origin: origin, backend: backend.name, leftOut: entry.prefix.leftOut, now: ResponseStore.nowMs)
    }

    private func options(at location: UpstreamLocation) async throws -> RequestTranslation.Options {
        var options = RequestTranslation.Options(
            dialect: backend.dialect, model: backend.settings.model, contextWindow: backend.settings.contextWindow,
            maxOutputTokens: backend.settings.maxOutputTokens)
        options.signature = backend.signature
        options.sampling = backend.sampling
        options.extras = RequestExtras(body: backend.extraBody, session: caller.opaqueConversation)
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

    private func post(
        _ entry: PromptCache.Entry, _ turns: [JSON], isHeld: Bool, _ options: RequestTranslation.Options, _ location: UpstreamLocation
    ) async throws -> UpstreamResponse {
        var body = try RequestTranslation.body(
            of: request, prefix: entry.prefix, turns: turns, heldPrefix: isHeld ? entry.digest : nil, options: options)
        // It must not push the conversation out of the worker's store.
        if backend.dialect.isNative, call.kinds.contains(.side) { body["side_call"] = true }
        return try await upstreams.client.send(
            .POST, location.api("/chat/completions"), key: backend.key, text: entry.rendered.text(of: body), headers: backend.extraHeaders)
    }
}
