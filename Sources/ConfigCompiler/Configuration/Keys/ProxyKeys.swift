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
    static let retry = Key<Section>.section("retry", RetryKeys.scope, "When a request that a backend did not begin to answer is sent again.")
    static let circuitBreaker = Key<Section>.section(
        "circuitBreaker", BreakerKeys.scope, "A backend that fails again and again is not asked for a while; then one request tries it.")
    static let restart = Key<Section>.section("restart", RestartKeys.scope, "What happens after an exit that nobody asked for.")
    static let stop = Key<Section>.section("stop", StopKeys.scope, "How the proxy is stopped; streams in flight finish within it.")
    static let resources = Key<Section>.section("resources", ResourceKeys.scope, "What the proxy may use.")
    static let logs = Key<Section>.section("logs", LogKeys.scope, "What is kept of the proxy's output.")
    static let tls = Key<Section>.section("tls", TLSKeys.scope, "HTTPS for clients on other machines; without it the proxy speaks plain HTTP.")
    static let requestLog = Key<Section>.section(
        "requestLog", RequestLogKeys.scope,
        "A line of JSON for each request, in `requests.jsonl` of the logs folder: what it was, never what it said.")
    static let capture = Key<Section>.section(
        "capture", CaptureKeys.scope, "Whole exchanges, prompts and answers included, for `anyclaude replay`; credentials never.")
    static let scope = Scope(
        "the proxy",
        keys: [
            host.spec, port.spec, authToken.spec, promptCache.spec, responseCache.spec, limits.spec, retry.spec, circuitBreaker.spec, restart.spec,
            stop.spec, resources.spec,
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
    static let maxQueue = Key<Int>.integer(
        "maxQueue", 0...100_000, default: 64, "Requests that wait for a place at one backend (`concurrency`); more are answered 529.")
    static let holdTimeout = Key<Int>.duration(
        "holdTimeout", 100...86_400_000, default: 600_000,
        "How long a request waits for a place, or for a worker that starts, before it is answered 529.")
    static let requestsPerMinute = Key<Int>.integer(
        "requestsPerMinute", 1...1_000_000, "Of one session of a client, or of one client that names none; more are answered 429."
    ).otherwise("any number")
    static let tokensPerMinute = Key<Int>.integer(
        "tokensPerMinute", 1...1_000_000_000,
        "Of one session: tokens of prompts, without what came from a cache, and of answers, as the backends count them; then 429."
    ).otherwise("any number")
    static let scope = Scope(
        "limits",
        keys: [
            maxBodyBytes.spec, maxConcurrent.spec, firstByteTimeout.spec, idleTimeout.spec, ping.spec, maxQueue.spec, holdTimeout.spec,
            requestsPerMinute.spec, tokensPerMinute.spec,
        ])
}

enum RetryKeys {
    static let attempts = Key<Int>.integer("attempts", 1...10, default: 3, "How often one backend is asked in all; 1 asks once.")
    static let initial = Key<Int>.duration(
        "initial", 1...60_000, default: 500, "The first wait, less a part by chance; each one is up to twice as long.")
    static let max = Key<Int>.duration(
        "max", 1...600_000, default: 8000, "The longest wait; a backend that asks for a longer one (`retry-after`) is not asked again.")
    static let scope = Scope("a retry policy", keys: [attempts.spec, initial.spec, max.spec])
}

enum BreakerKeys {
    static let enabled = Key<Bool>.boolean("enabled", default: true, "Whether a failing backend is left alone.")
    static let failures = Key<Int>.integer("failures", 1...1000, default: 5, "Failures in a row that open the breaker.")
    static let openFor = Key<Int>.duration(
        "openFor", 1...86_400_000, default: 10_000, "How long it is open first; after each failed trial twice as long.")
    static let maxOpenFor = Key<Int>.duration("maxOpenFor", 1...86_400_000, default: 300_000, "The longest time that it is open.")
    static let scope = Scope("a circuit breaker", keys: [enabled.spec, failures.spec, openFor.spec, maxOpenFor.spec])
}
