import LaunchPlan
import Testing

struct RoutingTests {
    @Test(arguments: [
        ("*haiku*", "claude-haiku-5-5", true), ("*haiku*", "claude-sonnet-5-5", false), ("claude-*-5-5", "claude-opus-5-5", true),
        ("claude-?", "claude-x", true), ("claude-?", "claude-", false), ("*", "", true), ("", "", true), ("", "a", false), ("a*b*c", "aXbYbZc", true),
        ("a*b*c", "aXcYb", false), ("**a", "bba", true), ("Haiku", "haiku", false),
    ])
    func globs(pattern: String, model: String, takes: Bool) {
        #expect(ProxySettings.Route(model: pattern, to: "x").takes(.init(model: model)) == takes)
    }

    @Test func aRouteWithoutAPatternTakesAll() { #expect(ProxySettings.Route(model: nil, to: "x").takes(.init(model: "anything"))) }

    @Test func longHostilePatternsEnd() {
        let pattern = String(repeating: "*a", count: 500) + "b"
        #expect(!ProxySettings.Route(model: pattern, to: "x").takes(.init(model: String(repeating: "a", count: 2000))))
    }
}
