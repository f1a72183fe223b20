import LaunchPlan

/// Where requests go, in the order in which it is decided.
struct RouteText {
    /// - Returns: what a request is like, and who takes it; empty where all go to one backend.
    static func rows(_ settings: ProxySettings) -> [(match: String, targets: String)] {
        guard !settings.routes.isEmpty || settings.fallback != nil else { return [] }
        let routes = settings.routes.enumerated().map { index, route in ("\(index + 1). \(match(route))", targets(route.shares, route.fallback)) }
        let rest = settings.routes.isEmpty ? "all requests" : "\(settings.routes.count + 1). all others"
        return routes + [(rest, targets([.init(to: settings.defaultBackend)], settings.fallback))]
    }

    private static func match(_ route: ProxySettings.Route) -> String {
        let parts = [
            route.model.map { "model \(Text.line($0))" }, route.call.map { "call \($0.rawValue)" },
            route.minBytes.map { "at least \(Text.exact(bytes: $0))" }, route.maxBytes.map { "at most \(Text.exact(bytes: $0))" },
        ]
        let text = parts.compactMap { $0 }.joined(separator: ", ")
        return text.isEmpty ? "all" : text
    }

    private static func targets(_ shares: [ProxySettings.Share], _ fallback: [String]?) -> String {
        let whole = shares.reduce(0) { $0 + $1.weight }
        let takers = shares.count == 1 ? shares[0].to : shares.map { "\($0.to) (\($0.weight) of \(whole))" }.joined(separator: " or ")
        return ([takers] + (fallback ?? [])).joined(separator: ", else ")
    }
}
