import JSON
import LaunchPlan

/// The keys of the proxy.
enum ProxyKeys {
    static let host = Key<String>.host(
        "host", default: "127.0.0.1", "The address that the proxy listens on. Any but a loopback address needs `authToken`.")
    static let port = Key<Int>.port("port", default: 8788, "The port that the proxy listens on.")
    static let authToken = Key<SecretChoice>.secret(
        "authToken", "What clients must present, as `x-api-key`, a bearer token, or `x-anyclaude-token`."
    ).otherwise("none, on a loopback address")
    static let promptCache = Key<Section>.section("promptCache", PromptCacheKeys.scope, "Layer 1: tools and system prompts are translated once.")
    static let responseCache = Key<Section>.section("responseCache", ResponseCacheKeys.scope, "Layer 2: whole answers to identical requests.")
    static let limits = Key<Section>.section("limits", LimitKeys.scope, "What one client may ask of the proxy.")
    static let restart = Key<Section>.section("restart", RestartKeys.scope, "What happens after an exit that nobody asked for.")
    static let stop = Key<Section>.section("stop", StopKeys.scope, "How the proxy is stopped; streams in flight finish within it.")
    static let resources = Key<Section>.section("resources", ResourceKeys.scope, "What the proxy may use.")
    static let logs = Key<Section>.section("logs", LogKeys.scope, "What is kept of the proxy's output.")
    static let tls = Key<Section>.section("tls", TLSKeys.scope, "HTTPS for clients on other machines; without it the proxy speaks plain HTTP.")
    static let scope = Scope(
        "the proxy",
        keys: [
            host.spec, port.spec, authToken.spec, promptCache.spec, responseCache.spec, limits.spec, restart.spec, stop.spec, resources.spec,
            logs.spec, tls.spec,
        ])
}

enum TLSKeys {
    static let certificate = Key<PlanPath>.path(
        "certificate", "The certificate in PEM, followed by those that vouch for it."
    ).required()
    static let key = Key<SecretChoice>.secret("key", "The certificate's private key in PEM.").required()
    static let serverName = Key<String>.host("serverName", "The name that the certificate is for; `run` and `env` send clients there.").otherwise(
        "the address that the proxy listens on")
    static let scope = Scope("TLS", keys: [certificate.spec, key.spec, serverName.spec])
}

enum PromptCacheKeys {
    static let enabled = Key<Bool>.boolean("enabled", default: true, "Whether the layer is used.")
    static let maxBytes = Key<Int>.size("maxBytes", 1 << 10...1 << 40, default: 64 << 20, "The most that it may hold in memory.")
    static let scope = Scope("a prompt cache", keys: [enabled.spec, maxBytes.spec])
}

enum ResponseCacheKeys {
    static let enabled = Key<Bool>.boolean("enabled", default: true, "Whether the layer is used.")
    static let policy = Key<ProxySettings.ResponseCache.Policy>.choice(
        "policy", default: .deterministic,
        [
            Choice("deterministic", "answers that a model would give again: temperature 0, no thinking"),
            Choice("side-calls", "also what a client asks beside its conversations, as titles"),
        ], "Which answers are given again after their delivery. One that is asked for again before it arrived is never made twice.")
    static let ttl = Key<Int>.duration("ttl", 0...2_592_000_000, default: 300_000, "How long an answer may be given again.")
    static let maxBytes = Key<Int>.size("maxBytes", 1 << 10...1 << 40, default: 256 << 20, "The most that it may hold on disk.")
    static let scope = Scope("a response cache", keys: [enabled.spec, policy.spec, ttl.spec, maxBytes.spec])
}

enum LimitKeys {
    static let maxBodyBytes = Key<Int>.size("maxBodyBytes", 1 << 10...1 << 30, default: 32 << 20, "A larger request is answered 413.")
    static let maxConcurrent = Key<Int>.integer("maxConcurrent", 1...100_000, default: 256, "More requests at a time are answered 529.")
    static let firstByteTimeout = Key<Int>.duration(
        "firstByteTimeout", 100...86_400_000, default: 600_000, "How long a backend may take to its first byte.")
    static let idleTimeout = Key<Int>.duration("idleTimeout", 100...86_400_000, default: 300_000, "How long a backend may be silent in an answer.")
    static let ping = Key<Int>.duration("ping", 100...600_000, default: 10_000, "How often a waiting client is told that work goes on.")
    static let scope = Scope(
        "limits", keys: [maxBodyBytes.spec, maxConcurrent.spec, firstByteTimeout.spec, idleTimeout.spec, ping.spec])
}
