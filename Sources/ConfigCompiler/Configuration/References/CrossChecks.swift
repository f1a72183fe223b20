import Diagnostics
import LaunchPlan

/// What no key can say alone: values that contradict each other.
struct CrossChecks {
    let configuration: Configuration
    private(set) var diagnostics: [Diagnostic] = []
    private let reachable: Set<String>
    private let started: Set<String>

    init(_ configuration: Configuration) {
        self.configuration = configuration
        reachable = Set(configuration.reachable.map(\.name))
        started = Set(configuration.workers.map(\.backend.name))
    }

    mutating func run() {
        for backend in configuration.backends { check(backend) }
        for worker in configuration.workers { EngineChecks.check(worker.backend, worker.engine, &diagnostics) }
        diagnostics += OnDemandChecks(configuration).findings
        var listeners = ListenerChecks(configuration, started: started)
        listeners.run()
        diagnostics += listeners.diagnostics
        openListener()
    }

    private mutating func check(_ backend: Backend) {
        let section = backend.section
        if backend.kind != .vllmMLX, let span = section.span(of: BackendKeys.engine) {
            diagnostics.append(
                Diagnostic(
                    .engineOnRemoteKind, "a backend of the kind `\(backend.kind.rawValue)` has no engine", at: span,
                    label: "nothing is started for it", notes: ["leave `engine` out; a worker of this machine has `kind: vllm-mlx`"],
                    path: "/backends/\(backend.name)/engine"))
        } else if let reason = remoteReason(backend) {
            withoutEffect(backend, Self.workerKeys, reason)
            if backend.kind == .claude {
                withoutEffect(backend, Self.modelKeys, "requests to a backend of the kind `claude` are passed through unchanged", of: "a model")
            }
        } else if backend[BackendKeys.autoStartServer] == false {
            // How it is spoken to, and where, is said by these all the same.
            let used = [BackendKeys.engine.name, BackendKeys.port.name]
            withoutEffect(backend, Self.workerKeys.filter { !used.contains($0) }, "`autoStartServer` is false: somebody else starts it")
        }
        if backend.kind != .openrouter {
            withoutEffect(
                backend, ExtraKeys.openRouter.map(\.name), "only a backend of the kind `openrouter` has a choice of providers", of: "OpenRouter")
        }
        if backend.kind != .lmstudio {
            withoutEffect(backend, [ExtraKeys.ttl.name], "only a backend of the kind `lmstudio` loads models by itself", of: "LM Studio")
        }
        if let url = section[BackendKeys.baseUrl], url.isOnThisMachine, backend.kind == .vllmMLX {
            let isStarted = started.contains(backend.name)
            if isStarted || section.has(BackendKeys.port), backend.port != url.port {
                portMismatch(backend, backend.port, url)
            } else if isStarted, url.scheme != "http" || !["", "/v1"].contains(url.path) {
                diagnostics.append(
                    Diagnostic(
                        .withoutEffect, "only host and port of `baseUrl` count for a worker that is started here",
                        at: section.span(of: BackendKeys.baseUrl), label: "this scheme or path is not used",
                        notes: ["workers are reached by plain HTTP below /v1"], path: "/backends/\(backend.name)/baseUrl"))
            }
        }
        if reachable.contains(backend.name), !started.contains(backend.name) { selfReference(backend) }
        if let cache = section[BackendKeys.cache], let window = section[BackendKeys.contextWindow], cache[CacheKeys.minTokens] >= window {
            diagnostics.append(
                Diagnostic(
                    .cacheBeyondContext, "`min_tokens_for_cache` is not below the context window",
                    at: cache.span(of: CacheKeys.minTokens) ?? cache.span,
                    label: "\(cache[CacheKeys.minTokens]) tokens",
                    secondary: section.span(of: BackendKeys.contextWindow).map { [.init($0, "\(window) tokens")] } ?? [],
                    notes: ["no prompt is ever long enough to be kept"]))
        }
    }

    private func remoteReason(_ backend: Backend) -> String? {
        if backend.kind != .vllmMLX { return "a backend of the kind `\(backend.kind.rawValue)` is not started here" }
        if let url = backend[BackendKeys.baseUrl], !url.isOnThisMachine { return "its `baseUrl` is on another machine" }
        return nil
    }

    private static let workerKeys: [String] = [
        BackendKeys.engine.name, BackendKeys.port.name, BackendKeys.modelPath.name, BackendKeys.serverScript.name, BackendKeys.command.name,
        BackendKeys.environment.name, BackendKeys.cache.name, BackendKeys.health.name, BackendKeys.restart.name, BackendKeys.stop.name,
        BackendKeys.resources.name, BackendKeys.idle.name, BackendKeys.logs.name, BackendKeys.replace.name, BackendKeys.startupTimeout.name,
        BackendKeys.maxQueue.name, BackendKeys.maxBatch.name, BackendKeys.pythonVenv.name, BackendKeys.dependsOn.name,
    ]

    private static let modelKeys: [String] =
        [
            BackendKeys.model.name, BackendKeys.maxTokens.name, BackendKeys.contextWindow.name, BackendKeys.toolCallDialect.name,
            BackendKeys.reasoningFormat.name, BackendKeys.images.name,
        ] + (ShapingKeys.all + [ExtraKeys.extraBody.spec]).map(\.name)

    /// A backend whose address is the proxy's own would send each request to itself, until no place is left.
    private mutating func selfReference(_ backend: Backend) {
        let url = backend.url
        let host = configuration.proxyHost
        let isSame = HostName.canonical(url.host) == HostName.canonical(host)
        guard url.port == configuration.proxyPort, isSame || (url.isOnThisMachine && HostName.isOnThisMachine(host)) else { return }
        let port = configuration.proxy.span(of: ProxyKeys.port) ?? configuration.file.span(of: FileKeys.port)
        diagnostics.append(
            Diagnostic(
                .selfReference, "backend `\(backend.name)` leads to the proxy itself",
                at: backend.section.span(of: BackendKeys.baseUrl) ?? backend.section.span(of: BackendKeys.port) ?? backend.nameSpan,
                label: "\(url.text)", secondary: port.map { [.init($0, "the proxy listens here")] } ?? [],
                notes: ["requests would go round until the proxy has no place left"], path: "/backends/\(backend.name)/baseUrl"))
    }

    private mutating func withoutEffect(_ backend: Backend, _ keys: [String], _ reason: String, of owner: String = "a worker") {
        let spans = keys.compactMap { backend.section.fields[$0]?.keySpan }.sorted()
        guard let first = spans.first else { return }
        diagnostics.append(
            Diagnostic(
                .withoutEffect, "keys of \(owner) have no effect on `\(backend.name)`", at: first, label: "without effect",
                secondary: spans.dropFirst().map { .init($0, "without effect") }, notes: [reason], path: "/backends/\(backend.name)"))
    }

    private mutating func portMismatch(_ backend: Backend, _ port: Int, _ url: BaseURL) {
        guard let primary = backend.section.span(of: BackendKeys.baseUrl) ?? backend.section.span(of: BackendKeys.port) else {
            return diagnostics.append(
                Diagnostic(.portMismatch, "`port` and `baseUrl` of backend `\(backend.name)` disagree: \(port) and \(url.port)"))
        }
        diagnostics.append(
            Diagnostic(
                .portMismatch, "`port` and `baseUrl` of backend `\(backend.name)` disagree", at: primary, label: "port \(url.port) here",
                secondary: backend.section.span(of: BackendKeys.port).map { [.init($0, "port \(port) here")] } ?? [],
                notes: ["the worker listens on `port`; without `baseUrl`, requests go there"], path: "/backends/\(backend.name)/baseUrl"))
    }

    private mutating func openListener() {
        guard !HostName.isLoopback(configuration.proxyHost), configuration.proxy[ProxyKeys.authToken]?.reference == nil else { return }
        let proxy = configuration.proxy
        if proxy.isFaulty(ProxyKeys.authToken) { return }
        diagnostics.append(
            Diagnostic(
                .openListener, "the proxy is open to other machines and asks for no token", at: proxy.span(of: ProxyKeys.host),
                label: "not a loopback address",
                secondary: proxy.span(of: ProxyKeys.authToken).map { [.init($0, "this means no token")] } ?? [],
                notes: ["set `proxy.authToken: { env: ANYCLAUDE_TOKEN }`, or listen on 127.0.0.1"], path: "/proxy/host"))
    }
}
