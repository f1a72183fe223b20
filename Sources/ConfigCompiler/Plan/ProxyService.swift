import JSON
import LaunchPlan

/// The proxy as a service: it must answer while workers start, so that it depends on none of them.
struct ProxyService {
    static let name = "proxy"
    let configuration: Configuration
    let workers: [Worker]

    private static let tokenID = "proxy.authToken"
    private static let privateKeyID = "proxy.tls.key"
    private static func keyID(_ backend: Backend) -> String { "backends.\(backend.name).apiKey" }

    private var section: Section { configuration.proxy }

    func service() throws -> Service {
        let probe = Endpoint.socket(name: DescriptorName.probe)
        let health = Probe.Check.http(path: "/health", at: probe)
        let probes = ProbePlan(health: nil, endpoint: probe, host: configuration.proxyHost, startupTimeoutMs: 30_000)
        return Service(
            name: Self.name, role: .proxy, argv: [.path(.rooted(.bin, "anyclaude-proxy"))], settings: try JSON(encoding: settings), secrets: secrets,
            sockets: [
                ListenSocket(name: DescriptorName.http, address: .tcp(host: configuration.proxyHost, port: configuration.proxyPort)),
                ListenSocket(name: DescriptorName.probe, address: .private),
            ],
            endpoint: .socket(name: DescriptorName.http), notifies: true, probes: probes.probes(startup: health, readiness: health, liveness: health),
            restart: Policies.restart(section[ProxyKeys.restart]), stop: Policies.stop(section[ProxyKeys.stop]), replace: .overlap,
            resources: Policies.resources(section[ProxyKeys.resources]), logs: Policies.logs(section[ProxyKeys.logs]), leases: true)
    }

    private var secrets: [String: SecretReference] {
        var result: [String: SecretReference] = [:]
        if let token = section[ProxyKeys.authToken]?.reference { result[Self.tokenID] = token }
        if let key = section[ProxyKeys.tls]?[TLSKeys.key]?.reference { result[Self.privateKeyID] = key }
        for backend in configuration.reachable { result[Self.keyID(backend)] = backend.apiKey }
        return result
    }

    private var settings: ProxySettings {
        ProxySettings(
            backends: configuration.reachable.map(backend), defaultBackend: configuration.active,
            fallback: configuration.fallback.isEmpty ? nil : configuration.fallback, routes: configuration.routes.map(\.settings),
            authToken: section[ProxyKeys.authToken]?.reference == nil ? nil : Self.tokenID, tls: tls, promptCache: promptCache,
            responseCache: responseCache,
            limits: limits, retry: retry, breaker: breaker,
            directories: .init(cache: .rooted(.cache, ""), logs: .rooted(.logs, "")), drainMs: drainMs, requestLog: requestLog, capture: capture)
    }

    /// The last words and the end take time too, before SIGKILL; with TLS up to five seconds more, for a client that does not say goodbye.
    private var drainMs: Int {
        let timeout = Policies.stop(section[ProxyKeys.stop]).timeoutMs
        return max(timeout / 2, timeout - (tls == nil ? 2000 : 8000))
    }

    private func backend(_ backend: Backend) -> ProxySettings.Backend {
        let worker = workers.first { $0.name == backend.name }
        let dialect =
            switch backend.kind {
            case .lmstudio: "lmstudio"
            case .openrouter: "openrouter"
            case .claude: "generic"
            case .vllmMLX: worker.map { $0.engine.adapter.dialect(of: $0) } ?? Self.dialect(of: backend[BackendKeys.engine])
            }
        // The native worker tells both apart by itself.
        let isNative = dialect == EngineName.native.rawValue
        return ProxySettings.Backend(
            name: backend.name, api: backend.kind == .claude ? .anthropic : .openai, dialect: dialect,
            target: worker == nil ? .url(base: backend.url.text) : .service(name: backend.name),
            model: worker.map { $0.engine.adapter.modelID(of: $0) } ?? backend[BackendKeys.model] ?? backend.kind.defaultModel,
            apiKey: backend.apiKey == nil ? nil : Self.keyID(backend), contextWindow: backend[BackendKeys.contextWindow],
            maxOutputTokens: backend[BackendKeys.maxTokens], concurrency: backend[BackendKeys.concurrency],
            toolCallDialect: isNative ? nil : backend[BackendKeys.toolCallDialect],
            reasoningFormat: isNative ? nil : backend[BackendKeys.reasoningFormat],
            shaping: ShapingPlan(section: backend.section).shaping, sampling: ShapingPlan(section: backend.section).sampling,
            extras: ExtrasPlan(backend: backend).extras, images: isNative ? nil : backend[BackendKeys.images])
    }

    /// The dialect of a server that somebody else starts: the engine says it, where it is a server's name.
    private static func dialect(of engine: EngineName?) -> String {
        switch engine {
        case nil, .script, .command: "generic"
        case let engine?: engine.rawValue
        }
    }

    private var tls: ProxySettings.TLS? {
        guard let tls = section[ProxyKeys.tls], let certificate = tls[TLSKeys.certificate] else { return nil }
        return ProxySettings.TLS(certificate: certificate, key: Self.privateKeyID, serverName: tls[TLSKeys.serverName])
    }

    private var promptCache: ProxySettings.PromptCache {
        let cache = section[ProxyKeys.promptCache] ?? Section(PromptCacheKeys.scope)
        return .init(enabled: cache[PromptCacheKeys.enabled], maxBytes: cache[PromptCacheKeys.maxBytes])
    }

    private var responseCache: ProxySettings.ResponseCache {
        let cache = section[ProxyKeys.responseCache] ?? Section(ResponseCacheKeys.scope)
        return .init(
            enabled: cache[ResponseCacheKeys.enabled],
            // A plan says what is not usual.
            policy: cache[ResponseCacheKeys.policy] == .deterministic ? nil : cache[ResponseCacheKeys.policy], ttlMs: cache[ResponseCacheKeys.ttl],
            maxBytes: cache[ResponseCacheKeys.maxBytes])
    }

    private var requestLog: ProxySettings.RequestLog? {
        let log = section[ProxyKeys.requestLog] ?? Section(RequestLogKeys.scope)
        guard log[RequestLogKeys.enabled] else { return nil }
        return .init(maxBytes: log[RequestLogKeys.maxBytes], maxFiles: log[RequestLogKeys.maxFiles])
    }

    private var capture: ProxySettings.Capture? {
        guard let capture = section[ProxyKeys.capture], capture[CaptureKeys.enabled] else { return nil }
        return .init(directory: capture[CaptureKeys.directory] ?? .rooted(.logs, "capture"), maxBytes: capture[CaptureKeys.maxBytes])
    }

    private var limits: ProxySettings.Limits {
        let limits = section[ProxyKeys.limits] ?? Section(LimitKeys.scope)
        return .init(
            maxBodyBytes: limits[LimitKeys.maxBodyBytes], maxConcurrent: limits[LimitKeys.maxConcurrent],
            firstByteTimeoutMs: limits[LimitKeys.firstByteTimeout],
            idleTimeoutMs: limits[LimitKeys.idleTimeout],
            pingMs: limits[LimitKeys.ping], maxQueue: limits[LimitKeys.maxQueue], holdTimeoutMs: limits[LimitKeys.holdTimeout],
            requestsPerMinute: limits[LimitKeys.requestsPerMinute], tokensPerMinute: limits[LimitKeys.tokensPerMinute])
    }

    private var retry: ProxySettings.Retry {
        let retry = section[ProxyKeys.retry] ?? Section(RetryKeys.scope)
        return .init(attempts: retry[RetryKeys.attempts], initialMs: retry[RetryKeys.initial], maxMs: retry[RetryKeys.max])
    }

    private var breaker: ProxySettings.Breaker {
        let breaker = section[ProxyKeys.circuitBreaker] ?? Section(BreakerKeys.scope)
        return .init(
            enabled: breaker[BreakerKeys.enabled], failures: breaker[BreakerKeys.failures], openMs: breaker[BreakerKeys.openFor],
            maxOpenMs: breaker[BreakerKeys.maxOpenFor])
    }

    func preflight() -> [PreflightCheck] {
        func check(_ requirement: PreflightCheck.Requirement, _ key: String) -> PreflightCheck {
            PreflightCheck(service: Self.name, requirement: requirement, key: key)
        }
        return [
            check(.executable(program: .path(.rooted(.bin, "anyclaude-proxy"))), "proxy"),
            check(.listener(host: configuration.proxyHost, port: configuration.proxyPort), "proxy.port"),
        ] + (tls.map { [check(.file(path: $0.certificate), "proxy.tls.certificate")] } ?? [])
            + Policies.preflight(section[ProxyKeys.resources]).map { check($0, "proxy.resources.cpus") }
            + memory().map { check($0, "proxy.resources.memory") } + store().map { check($0, "proxy.responseCache.maxBytes") }
            + secrets.sorted { $0.key < $1.key }.map { check(.secret(reference: $0.value), $0.key) }
    }

    /// The proxy counts where the file says what it may take; by itself it is small.
    private func memory() -> [PreflightCheck.Requirement] {
        guard let bytes = section[ProxyKeys.resources]?[ResourceKeys.memory] else { return [] }
        return [.memory(model: nil, contextTokens: nil, slots: 0, limitBytes: bytes, reading: .files)]
    }

    private func store() -> [PreflightCheck.Requirement] {
        let cache = responseCache
        return cache.enabled ? [.diskSpace(path: .rooted(.cache, "responses.sqlite3"), bytes: cache.maxBytes)] : []
    }
}
