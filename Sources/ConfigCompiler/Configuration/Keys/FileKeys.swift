import JSON
import LaunchPlan

/// The keys of the whole file.
enum FileKeys {
    static let schema = Key<JSON>.remark("$schema", "The JSON Schema, for editors.")
    static let include = Key<JSON>.files(
        "include",
        "Other files that this one builds on, below its folder; what this one says itself goes before them, and a later one before an earlier one.")
    static let backend = Key<String>.name("backend", "The backend that takes every request that no route takes.").otherwise(
        "vllm-mlx, or the only one that is enabled")
    static let fallback = Key<[PlacedName]>.names(
        "fallback",
        "Backends that take a request which `backend` cannot take, in this order: it cannot be reached, is overloaded, or its breaker is open."
    )
    static let backends = Key<NamedSections>.named("backends", BackendKeys.scope, "The backends by name. A name that is a kind needs no `kind`.")
    static let proxy = Key<Section>.section("proxy", ProxyKeys.scope, "The server that Claude Code talks to.")
    static let routes = Key<[Section]>.list("routes", RouteKeys.scope, "In order: the first route that matches takes the request.")
    static let budget = Key<Section>.section("budget", BudgetKeys.scope, "What all services together may use.")
    static let instance = Key<String>.name("instance", default: "default", "The name of this stack on the machine; each has its own state.")
    static let probation = Key<Int>.duration("probation", 0...3_600_000, default: 2000, "How long a new plan must stay healthy before it is kept.")
    static let pythonVenv = Key<PlanPath>.path("pythonVenv", "The Python environment of all Python engines.").otherwise("the programs on PATH")
    static let port = Key<Int>.port("port", "The port that the proxy listens on.").deprecated(by: "proxy.port")
    static let debug = Key<Section>.section("debug", DebugKeys.scope, "Kept from the earlier tool.")
    static let circuitBreaker = Key<JSON>.unused("circuitBreaker", "the proxy has its own, `proxy.circuitBreaker`")
    static let webSearch = Key<JSON>.unused("webSearch", "the proxy does no web searches")

    static let scope = Scope(
        "the file",
        keys: [
            schema.spec, include.spec, backend.spec, fallback.spec, backends.spec, proxy.spec, routes.spec, budget.spec, instance.spec,
            probation.spec,
            pythonVenv.spec, port.spec,
            debug.spec, circuitBreaker.spec, webSearch.spec,
        ])
}

enum RouteKeys {
    static let match = Key<Section>.section("match", MatchKeys.scope, "What a request must be like.").otherwise("every request")
    static let to = Key<String>.name("to", "The backend that takes it.").required()
    static let weight = Key<Int>.integer("weight", 1...1000, default: 1, "The share of `to` beside those of `split`.")
    static let split = Key<[Section]>.list(
        "split", ShareKeys.scope, "Other backends that take a share of the conversations; one conversation stays with its backend while that is well."
    )
    static let fallback = Key<[PlacedName]>.names("fallback", "Backends that take a request which none of these can take, in this order.")
    static let scope = Scope("a route", keys: [match.spec, to.spec, weight.spec, split.spec, fallback.spec])
}

enum ShareKeys {
    static let to = Key<String>.name("to", "The backend that takes a share.").required()
    static let weight = Key<Int>.integer("weight", 1...1000, default: 1, "The share, beside the other weights of the route.")
    static let scope = Scope("a share", keys: [to.spec, weight.spec])
}

enum MatchKeys {
    static let model = Key<String>.string("model", "The client's model id; `*` stands for any text, `?` for one character.")
    static let call = Key<ProxySettings.CallKind>.choice(
        "call",
        [
            Choice(ProxySettings.CallKind.main.rawValue, "a turn of the conversation itself"),
            Choice(ProxySettings.CallKind.subagent.rawValue, "a turn of a sub-agent's conversation"),
            Choice(ProxySettings.CallKind.side.rawValue, "beside the conversation: titles, summaries, searches"),
            Choice(ProxySettings.CallKind.title.rawValue, "the side call that names a session"),
            Choice(ProxySettings.CallKind.count.rawValue, "only counts tokens"),
        ], "What the request is to Claude Code's conversation; other clients have only `main` and `count`.")
    static let minSize = Key<Int>.size(
        "minSize", 0...1 << 30,
        "The request's body has at least this size. It is known before anything is counted: a token of English or code has about four bytes."
    )
    static let maxSize = Key<Int>.size("maxSize", 0...1 << 30, "The request's body has at most this size.")
    static let scope = Scope("a match", keys: [model.spec, call.spec, minSize.spec, maxSize.spec])
}

enum BudgetKeys {
    static let memory = Key<Int>.size("memory", 1 << 20...1 << 50, "The memory that all services together may use.").otherwise("the machine's")
    static let scope = Scope("a budget", keys: [memory.spec])
}

enum DebugKeys {
    private static let reason = "the services write their own logs (`anyclaude logs`)"
    static let scope = Scope(
        "debug",
        keys: [
            Key<JSON>.unused("level", inert: [0], reason).spec, Key<JSON>.unused("enableTraces", inert: [false], reason).spec,
            Key<JSON>.unused("enableStreamLogging", inert: [false], reason).spec,
        ])
}
