import LaunchPlan
import Testing

@testable import anyclaude

@Suite struct RouteTextTests {
    private func rows(_ routes: [ProxySettings.Route], fallback: [String]? = nil) -> [String] {
        let settings = ProxySettings(
            backends: [], defaultBackend: "main", fallback: fallback, routes: routes,
            directories: .init(cache: .absolute("/c"), logs: .absolute("/l")))
        return RouteText.rows(settings).map { "\($0.match) -> \($0.targets)" }
    }

    @Test func routesAreShownInTheirOrderWithTheRest() {
        let routes: [ProxySettings.Route] = [
            .init(model: "*haiku*", call: .side, minBytes: 1024, maxBytes: 1 << 20, to: "small"),
            .init(model: nil, call: .subagent, to: "a", weight: 3, split: [.init(to: "b", weight: 1)], fallback: ["c", "d"]),
            .init(model: nil, to: "z"),
        ]
        #expect(
            rows(routes) == [
                "1. model *haiku*, call side, at least 1KiB, at most 1MiB -> small",
                "2. call subagent -> a (3 of 4) or b (1 of 4), else c, else d", "3. all -> z", "4. all others -> main",
            ])
    }

    @Test func whatIsNotRoutedIsNotShown() {
        #expect(rows([]) == [])
        #expect(rows([], fallback: ["other"]) == ["all requests -> main, else other"])
    }
}
