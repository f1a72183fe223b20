import JSON
import LaunchPlan
import Messages
import NIOCore

/// One request to a chat-completions server: from the lease to the last event.
struct ChatUpstream: Sendable {
    let upstreams: Upstreams
    let backend: ResolvedBackend
    let request: MessagesRequest
    let call: ProxySettings.Call
    let caller: Caller
    /// Another backend can be asked where this one cannot answer.
    let hasOthers: Bool
    /// Nil where the prompt is not to be remembered.
    var origin: PromptHistory.Origin?
    private static let maximumLosses = 3

    /// Publishes the answer's events. A place is waited for, a service that is not ready, and a server that takes nothing for a moment; one
    /// that dies before its first word is asked again when it is back. The generation's watch bounds all of it.
    func run(into generation: Generation) async throws {
        let place = try await place(generation)
        defer { withExtendedLifetime(place) {} }
        let entry = try upstreams.prompts.entry(for: request, backend: backend)
        upstreams.leftOut.note(entry.prefix.leftOut, backend: backend.name)
        switch backend.settings.target {
        case .url(let base): try await ask(at: UpstreamLocation(url: base), entry, generation)
        case .service(let name): try await ask(service: name, entry, generation)
        }
    }

    private func place(_ generation: Generation) async throws -> Turnstile.Place? {
        guard let turnstile = upstreams.turnstiles.turnstile(of: backend) else { return nil }
        generation.wait(for: "a place at `\(backend.name)`")
        // The conversation itself before its sub-agents, and what is asked beside it last.
        let rank = call.kinds.contains(.side) ? 2 : call.kinds.contains(.subagent) ? 1 : 0
        return try await turnstile.enter(flow: caller.account, rank: rank)
    }

    /// A server that somebody else starts: what it has had may have been begun, and is not sent again.
    private func ask(at location: UpstreamLocation, _ entry: PromptCache.Entry, _ generation: Generation) async throws {
        var attempt = 1
        while true {
            do {
                return try await ask(at: location, entry, nil, generation)
            } catch let error as UpstreamUnreachable {
                guard !error.wasSent, try await pause(after: attempt, .refused, generation) else {
                    throw AnthropicError(.api, error.description)
                }
            } catch let busy as UpstreamBusy {
                guard try await pause(after: attempt, busy.failure, generation) else { throw busy.error }
            }
            attempt += 1
        }
    }

    /// Held while the service starts or comes back. A request that its worker dies of is not sent for ever.
    private func ask(service name: String, _ entry: PromptCache.Entry, _ generation: Generation) async throws {
        var lease = try upstreams.directory.acquire(name)
        var losses = 0
        var attempt = 1
        var hasWaited = false
        while true {
            let progress = lease.progress
            generation.wait(for: "the service `\(name)`\(progress().map { ": \($0)" } ?? "")")
            let location = UpstreamLocation(try await lease.endpoint())
            do {
                return try await ask(at: location, entry, lease, generation)
            } catch let busy as UpstreamBusy {
                guard try await pause(after: attempt, busy.failure, generation) else { throw busy.error }
                attempt += 1
            } catch let error as UpstreamUnreachable {
                upstreams.workers.forget(location)
                if error.wasSent {
                    losses += 1
                    lease.note(.failed)
                    generation.lose()
                }
                guard losses < Self.maximumLosses else {
                    throw AnthropicError(.api, "the service `\(name)` broke off \(losses) times at this request: \(error.reason)", shouldRetry: false)
                }
                if !hasWaited { upstreams.logger.info("waiting for a service", metadata: ["service": "\(name)", "reason": "\(error.reason)"]) }
                hasWaited = true
                RequestTrace.current?.note { $0.retries += 1 }
                try await lease.news()
                // A lease that was answered hears no more: who asks anew hears what is now.
                lease = try upstreams.directory.acquire(name)
            }
        }
    }

    private var isService: Bool { if case .service = backend.settings.target { true } else { false } }

    /// - Returns: false where the backend is not asked again.
    private func pause(after attempt: Int, _ failure: RetryPolicy.Failure, _ generation: Generation) async throws -> Bool {
        let pause = upstreams.retries.pause(
            after: attempt, failure, remaining: upstreams.hold, hasOthers: hasOthers, chance: .random(in: 0...1))
        guard let pause else { return false }
        generation.wait(for: "`\(backend.name)`, which takes no request for the moment")
        upstreams.metrics.countRetry(backend: backend.name)
        RequestTrace.current?.note { $0.retries += 1 }
        try await Task.sleep(for: pause)
        return true
    }

    /// One attempt, of which the breaker hears what it says of the backend.
    private func ask(at location: UpstreamLocation, _ entry: PromptCache.Entry, _ lease: Lease?, _ generation: Generation) async throws {
        let pass = try upstreams.health.admit(backend.name)
        generation.ask()
        do {
            try await put(entry, at: location, lease, generation, pass)
            pass.report(.success)
        } catch {
            pass.report(outcome(of: error, generation))
            throw error
        }
    }

    private func outcome(of error: any Error, _ generation: Generation) -> CircuitBreaker.Outcome {
        switch error {
        // That a worker of ours starts is no failure of it.
        case let error as UpstreamUnreachable: isService && !error.wasSent ? .unknown : .failure
        case let error as UpstreamBusy: CircuitBreaker.Outcome(status: error.status)
        case let error as AnthropicError:
            switch error.kind {
            case .api, .timeout, .overloaded: .failure
            case .rateLimit: .unknown
            default: .success
            }
        // The watch has ended a silence, or nobody listens any more.
        case is CancellationError: generation.isOver ? .failure : .unknown
        default: .failure
        }
    }

    private func put(
        _ entry: PromptCache.Entry, at location: UpstreamLocation, _ lease: Lease?, _ generation: Generation, _ pass: BackendHealth.Pass
    ) async throws {
        let bytes = call.bytes ?? 0
        let room = try await ContextGuard(upstreams: upstreams, backend: backend, request: request, bytes: bytes).answerRoom(at: location)
        var answer = try await post(entry, at: location, most: room, generation)
        if upstreams.workers.forget(location, unlessModelIs: answer.response.headers.first(name: Native.modelHeader)) {
            // Another process answers at this address: the question was put as the one before wanted it.
            answer = try await post(entry, at: location, most: room, generation)
        }
        if answer.response.status.code != 200 {
            let body = try await UpstreamClient.bytes(of: answer.response)
            guard answer.response.status.code == 400, let room = UpstreamFailure.answerRoom(status: 400, body: body) else {
                throw refusal(answer.response, body, location, lease)
            }
            // The prompt fits, and an answer of that length would not: nothing was computed yet.
            answer = try await post(entry, at: location, most: room, generation)
            if answer.response.status.code != 200 {
                throw refusal(answer.response, try await UpstreamClient.bytes(of: answer.response), location, lease)
            }
        }
        let response = answer.response
        RequestTrace.current?.note { [model = answer.options.model ?? request.model] in $0.answeringModel = model }
        if answer.isHeld { upstreams.metrics.notResent(bytes: entry.bytes) }
        generation.setKV(response.headers.first(name: Native.cacheHeader))
        generation.setModel(backend.answeringModel(stated: response.headers.first(name: Native.modelHeader), named: answer.options.model))
        // Until its last event it may still break off.
        lease?.note(.failed)
        do {
            try await relay(response, generation, pass, stream: MessageStream(streamOptions(entry, answer, generation)))
        } catch is EmptyStream {
            try await askWhole(entry, at: location, lease, most: room, generation, pass)
        } catch is CancellationError where generation.isComplete {
            // The answer is whole, and its server did not close the stream in all the time that it was given.
        } catch is CancellationError where !generation.isOver {
            // Nobody listens any more: that says nothing of the service.
            lease?.note(nil)
            throw CancellationError()
        }
        lease?.note(.answered)
        if mayBeHeld(entry), !answer.isHeld, generation.isComplete {
            upstreams.workers.offer(entry, at: location, backend: backend, lease: lease)
        }
    }

    /// A server that cannot answer may find out behind the head of its stream, and says why only where no stream was asked for.
    private func askWhole(
        _ entry: PromptCache.Entry, at location: UpstreamLocation, _ lease: Lease?, most: Int?, _ generation: Generation, _ pass: BackendHealth.Pass
    ) async throws {
        let answer: Answer
        do {
            answer = try await post(entry, at: location, most: most, streams: false, generation)
        } catch is UpstreamUnreachable {
            // Such a server closes the stream's connection behind it, and this one may just have been sent there.
            answer = try await post(entry, at: location, most: most, streams: false, generation)
        }
        if answer.response.status.code != 200 {
            throw refusal(answer.response, try await UpstreamClient.bytes(of: answer.response), location, lease)
        }
        try await relay(answer.response, generation, pass, stream: MessageStream(streamOptions(entry, answer, generation)), mayBeEmpty: true)
    }

    /// What an answer that is none says.
    private func refusal(_ response: UpstreamResponse, _ body: [UInt8], _ location: UpstreamLocation, _ lease: Lease?) -> any Error {
        let status = Int(response.status.code)
        // A worker that loads or drains took nothing: it, or its successor, is waited for like one that does not listen yet.
        if status == 503, isService { return UpstreamUnreachable(url: location.base, reason: "not ready (503)", wasSent: false) }
        lease?.note(status >= 500 ? .failed : .answered)
        let error = UpstreamClient.failure(response, body, backend.dialect)
        return RetryPolicy.isBusy(status)
            ? UpstreamBusy(status: status, error: error, saidWhen: response.headers.contains(name: "retry-after")) : error
    }
}
