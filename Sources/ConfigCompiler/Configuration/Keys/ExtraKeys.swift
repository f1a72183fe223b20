import JSON
import LaunchPlan

/// The keys of a backend that its server alone understands.
enum ExtraKeys {
    static let provider = Key<Section>.section("provider", ProviderKeys.scope, "Which providers OpenRouter chooses among, and how.")
    static let fallbackModels = Key<[String]>.texts("fallbackModels", "Models that OpenRouter tries, in order, where `model` fails.")
    static let site = Key<Section>.section("site", SiteKeys.scope, "What OpenRouter's lists call the caller.")
    static let ttl = Key<Int>.duration(
        "ttl", 1000...86_400_000 * 30, "LM Studio unloads a model that it loaded for a request when nobody has used it for so long."
    ).otherwise("LM Studio's own")
    static let extraBody = Key<JSON>.members(
        "extraBody",
        "Members of every request to the server, by the names of its own API; what a request has by itself goes before them. Numbers have at most 15"
            + " digits."
    ).otherwise("nothing")

    static let openRouter: [KeySpec] = [provider.spec, fallbackModels.spec, site.spec]
    static let all: [KeySpec] = openRouter + [ttl.spec, extraBody.spec]
    /// As values are named: those of a section behind its name.
    static let places =
        all.map(\.name) + ProviderKeys.scope.keys.map { "\(provider.name).\($0.name)" } + SiteKeys.scope.keys.map { "\(site.name).\($0.name)" }
}

enum ProviderKeys {
    static let order = Key<[String]>.texts(
        "order", "The providers that are tried first, in order; requests of one session then do not stay together.")
    static let only = Key<[String]>.texts("only", "The providers that may be chosen.")
    static let ignore = Key<[String]>.texts("ignore", "The providers that may not.")
    static let quantizations = Key<[String]>.texts("quantizations", "The precisions that weights may have, as `bf16` or `fp8`.")
    static let allowFallbacks = Key<Bool>.flag("allowFallbacks", "Whether others are tried where the first ones fail.").otherwise("true")
    static let requireParameters = Key<Bool>.flag("requireParameters", "Whether a provider must understand all of a request.").otherwise("false")
    static let zdr = Key<Bool>.flag("zdr", "Whether only endpoints that retain nothing may be chosen.").otherwise("false")
    static let dataCollection = Key<ProxySettings.Provider.DataCollection>.choice(
        "dataCollection",
        [
            Choice(ProxySettings.Provider.DataCollection.allow.rawValue, "providers may keep what they are sent"),
            Choice(ProxySettings.Provider.DataCollection.deny.rawValue, "only providers that keep nothing"),
        ], "What providers may do with what they are sent."
    ).otherwise("allow")
    static let sort = Key<ProxySettings.Provider.Sort>.choice(
        "sort",
        [
            Choice(ProxySettings.Provider.Sort.price.rawValue, "the cheapest first"),
            Choice(ProxySettings.Provider.Sort.throughput.rawValue, "the fastest first"),
            Choice(ProxySettings.Provider.Sort.latency.rawValue, "the one that answers soonest first"),
        ], "What is tried first."
    ).otherwise("OpenRouter's own balance")
    static let scope = Scope(
        "a provider",
        keys: [
            order.spec, only.spec, ignore.spec, quantizations.spec, allowFallbacks.spec, requireParameters.spec, zdr.spec, dataCollection.spec,
            sort.spec,
        ])
}

enum SiteKeys {
    static let url = Key<BaseURL>.url("url", "Sent as `HTTP-Referer`.")
    static let title = Key<String>.string("title", "Sent as `X-Title`.")
    static let scope = Scope("a site", keys: [url.spec, title.spec])
}
