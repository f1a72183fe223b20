import JSON
import LaunchPlan

/// What the proxy is told of a backend's extra keys; nil where there are none. What another kind of backend has no use for is not told.
struct ExtrasPlan {
    let backend: Backend

    var extras: ProxySettings.Extras? {
        var extras = ProxySettings.Extras()
        if backend.kind == .openrouter {
            extras.provider = backend[ExtraKeys.provider].flatMap(provider)
            extras.models = backend[ExtraKeys.fallbackModels]
            extras.siteURL = backend[ExtraKeys.site]?[SiteKeys.url]?.text
            extras.siteTitle = backend[ExtraKeys.site]?[SiteKeys.title]
        }
        if backend.kind == .lmstudio { extras.ttlSeconds = backend[ExtraKeys.ttl].map { max(1, $0 / 1000) } }
        if backend.kind != .claude, let body = backend[ExtraKeys.extraBody], body != [:] {
            extras.body = String(decoding: body.canonicalBytes, as: UTF8.self)
        }
        return extras == .init() ? nil : extras
    }

    private func provider(_ section: Section) -> ProxySettings.Provider? {
        let provider = ProxySettings.Provider(
            order: section[ProviderKeys.order], only: section[ProviderKeys.only], ignore: section[ProviderKeys.ignore],
            quantizations: section[ProviderKeys.quantizations], allowFallbacks: section[ProviderKeys.allowFallbacks],
            requireParameters: section[ProviderKeys.requireParameters], zdr: section[ProviderKeys.zdr],
            dataCollection: section[ProviderKeys.dataCollection], sort: section[ProviderKeys.sort])
        return provider == .init() ? nil : provider
    }
}
