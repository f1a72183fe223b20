import Messages
import Serving

extension Upstreams {
    private static let maximumLosses = 3

    /// Asks a backend's server for an answer that is passed on as it is. A service that is not ready is waited for, and one that dies
    /// before it answers is asked again when it is back; what somebody else starts is sent again only what it has not had. A request
    /// that its worker dies of is not sent for ever.
    ///
    /// - Parameter ask: throws `UpstreamUnreachable` where no response came.
    func perform<Answer>(
        _ backend: ResolvedBackend, hasOthers: Bool, _ ask: (_ location: UpstreamLocation, _ lease: Lease?) async throws -> Answer
    ) async throws -> Answer {
        switch backend.settings.target {
        case .url(let base): try await perform(backend, at: UpstreamLocation(url: base), hasOthers: hasOthers, ask)
        case .service(let name): try await perform(backend, service: name, ask)
        }
    }

    private func perform<Answer>(
        _ backend: ResolvedBackend, at location: UpstreamLocation, hasOthers: Bool,
        _ ask: (_ location: UpstreamLocation, _ lease: Lease?) async throws -> Answer
    ) async throws -> Answer {
        var attempt = 1
        while true {
            do {
                return try await attemptOnce(backend, location, nil, ask)
            } catch let error as UpstreamUnreachable {
                let pause = retries.pause(after: attempt, .refused, remaining: hold, hasOthers: hasOthers, chance: .random(in: 0...1))
                guard !error.wasSent, let pause else { throw AnthropicError(.api, error.description) }
                metrics.countRetry(backend: backend.name)
                try await Task.sleep(for: pause)
            }
            attempt += 1
        }
    }

    private func perform<Answer>(
        _ backend: ResolvedBackend, service name: String, _ ask: (_ location: UpstreamLocation, _ lease: Lease?) async throws -> Answer
    ) async throws -> Answer {
        let end = ContinuousClock.now + hold
        let late = AnthropicError(.overloaded, "the service `\(name)` was not ready within \(hold)", retryAfter: 5)
        var losses = 0
        while true {
            let lease = try directory.acquire(name)
            guard end > .now, let endpoint = try await lease.endpoint(within: end - .now) else { throw late }
            let location = UpstreamLocation(endpoint)
            do {
                return try await attemptOnce(backend, location, lease, ask)
            } catch let error as UpstreamUnreachable {
                workers.forget(location)
                if error.wasSent {
                    losses += 1
                    lease.note(.failed)
                }
                guard losses < Self.maximumLosses else {
                    throw AnthropicError(.api, "the service `\(name)` broke off \(losses) times at this request: \(error.reason)", shouldRetry: false)
                }
                // A lease that was answered hears no more: who asks anew hears what is now.
                try await withDeadline(max(end - .now, .zero), orThrow: late) { try await lease.news() }
            }
        }
    }

    private func attemptOnce<Answer>(
        _ backend: ResolvedBackend, _ location: UpstreamLocation, _ lease: Lease?,
        _ ask: (_ location: UpstreamLocation, _ lease: Lease?) async throws -> Answer
    ) async throws -> Answer {
        let pass = try health.admit(backend.name)
        do {
            let answer = try await ask(location, lease)
            pass.report(.success)
            return answer
        } catch let error as UpstreamUnreachable {
            // That a worker of ours starts is no failure of it.
            pass.report(lease != nil && !error.wasSent ? .unknown : .failure)
            throw error
        } catch let error as AnthropicError {
            let isOwn = [.timeout, .overloaded, .api].contains(error.kind)
            pass.report(error.kind == .rateLimit ? .unknown : isOwn ? .failure : .success)
            throw error
        }
    }
}
