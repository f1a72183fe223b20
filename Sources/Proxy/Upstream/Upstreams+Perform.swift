import Messages

extension Upstreams {
    private static let maximumLosses = 3

    /// Asks a backend's server. A service that is not ready is waited for, and one that dies before its first word is asked again when
    /// it is back; the caller bounds both. A request that its worker dies of is not sent for ever.
    ///
    /// - Parameter ask: throws `UpstreamUnreachable` where the same request may be sent again.
    func perform<Answer>(
        _ backend: ResolvedBackend, _ ask: (_ location: UpstreamLocation, _ lease: Lease?) async throws -> Answer
    ) async throws -> Answer {
        switch backend.settings.target {
        case .url(let base):
            do {
                return try await ask(UpstreamLocation(url: base), nil)
            } catch let error as UpstreamUnreachable {
                throw AnthropicError(.api, error.description)
            }
        case .service(let name): return try await perform(service: name, ask)
        }
    }

    private func perform<Answer>(
        service name: String, _ ask: (_ location: UpstreamLocation, _ lease: Lease?) async throws -> Answer
    ) async throws -> Answer {
        var lease = try directory.acquire(name)
        var losses = 0
        var hasWaited = false
        while true {
            let location = UpstreamLocation(try await lease.endpoint())
            do {
                return try await ask(location, lease)
            } catch let error as UpstreamUnreachable {
                workers.forget(location)
                if error.wasSent {
                    losses += 1
                    lease.note(.failed)
                }
                guard losses < Self.maximumLosses else {
                    throw AnthropicError(.api, "the service `\(name)` broke off \(losses) times at this request: \(error.reason)", shouldRetry: false)
                }
                if !hasWaited { logger.info("waiting for a service", metadata: ["service": "\(name)", "reason": "\(error.reason)"]) }
                hasWaited = true
                try await lease.news()
                // A lease that was answered hears no more: who asks anew hears what is now.
                lease = try directory.acquire(name)
            }
        }
    }
}
