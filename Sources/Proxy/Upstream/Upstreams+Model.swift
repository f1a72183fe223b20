extension Upstreams {
    /// Whose answer a kept one would have to be; nil where that cannot be said at once.
    func answeringModel(of backend: ResolvedBackend) async -> String? {
        switch backend.settings.target {
        case .url(let base): return await workers.model(of: backend, at: UpstreamLocation(url: base))
        case .service(let name):
            // Only the native runtime can say it; a service that is not ready is waited for where its answer is.
            guard backend.dialect.isNative, let lease = try? directory.acquire(name),
                let endpoint = try? await lease.endpoint(within: .milliseconds(200))
            else { return nil }
            defer { withExtendedLifetime(lease) {} }
            return await workers.model(of: backend, at: UpstreamLocation(endpoint))
        }
    }
}
