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
    static let requestLog = Key<Section>.section(
        "requestLog", RequestLogKeys.scope, "A line of JSON for each request, in `requests.jsonl` of the logs folder: what it was, never what it said.")
    static let capture = Key<Section>.section(
        "capture", CaptureKeys.scope, "Whole exchanges, prompts and answers included, for `anyclaude replay`; credentials never.")
    static let scope = Scope(
        "the proxy",
        keys: [
            host.spec, port.spec, authToken.spec, promptCache.spec, responseCache.spec, limits.spec, restart.spec, stop.spec, resources.spec,
            logs.spec, tls.spec, requestLog.spec, capture.spec,
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
    static let ttl = Key<Int>.duration("ttl", 0...2_592_000_000, default: 300_000, "How long an answer may be given again.")
    static let maxBytes = Key<Int>.size("maxBytes", 1 << 10...1 << 40, default: 256 << 20, "The most that it may hold on disk.")
    static let scope = Scope("a response cache", keys: [enabled.spec, ttl.spec, maxBytes.spec])
}

enum RequestLogKeys {
    static let enabled = Key<Bool>.boolean("enabled", default: true, "Whether it is written.")
    static let maxBytes = Key<Int>.size("maxBytes", 4096...1 << 40, default: 16 << 20, "The file is exchanged at this size.")
    static let maxFiles = Key<Int>.integer("maxFiles", 0...1000, default: 5, "How many old files are kept.")
    static let scope = Scope("a request log", keys: [enabled.spec, maxBytes.spec, maxFiles.spec])
}

enum CaptureKeys {
    static let enabled = Key<Bool>.boolean("enabled", default: false, "Whether exchanges are kept.")
    static let directory = Key<PlanPath>.path("directory", "Where `exchanges.jsonl` and the files before it are.").otherwise(
        "`capture` in the logs folder")
    static let maxBytes = Key<Int>.size("maxBytes", 1 << 20...1 << 40, default: 256 << 20, "The most that all files together may hold.")
    static let scope = Scope("a capture", keys: [enabled.spec, directory.spec, maxBytes.spec])
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
