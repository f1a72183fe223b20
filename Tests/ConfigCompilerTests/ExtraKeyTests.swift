import ConfigCompiler
import Diagnostics
import JSON
import LaunchPlan
import Testing

/// The keys that one kind of server alone understands.
@Suite struct ExtraKeyTests {
    private static func extras(_ kind: String, _ keys: String) throws -> ProxySettings.Extras? {
        let url = kind == "vllm-mlx" ? "baseUrl: \"http://10.0.0.2/v1\", " : ""
        let plan = try plan("backend: b\nbackends:\n  b: { kind: \(kind), \(url)model: m, \(keys) }\n")
        let settings: ProxySettings = try #require(plan.service(named: "proxy")?.settings).decode()
        return settings.backends.first?.extras
    }

    @Test func openRouter() throws {
        let extras = try Self.extras(
            "openrouter",
            """
            provider: { order: [a, b], only: [a], ignore: [c], quantizations: [bf16], allowFallbacks: false, requireParameters: true, zdr: true,
                  dataCollection: deny, sort: price }, fallbackModels: [x/y], site: { url: "https://example.org/a", title: My tool }
            """)
        #expect(
            extras
                == .init(
                    provider: .init(
                        order: ["a", "b"], only: ["a"], ignore: ["c"], quantizations: ["bf16"], allowFallbacks: false, requireParameters: true,
                        zdr: true,
                        dataCollection: .deny, sort: .price), models: ["x/y"], siteURL: "https://example.org/a", siteTitle: "My tool"))
        #expect(try Self.extras("openrouter", "provider: {}, site: {}, extraBody: {}") == nil)
    }

    @Test func lmStudio() throws {
        #expect(try Self.extras("lmstudio", "ttl: 30m") == .init(ttlSeconds: 1800))
        #expect(try Self.extras("lmstudio", "ttl: 1500ms") == .init(ttlSeconds: 1))
    }

    @Test func anyServer() throws {
        let extras = try Self.extras("vllm-mlx", "extraBody: { b: [1, 0.5, { \"// why\": x, d: null }], a: text }")
        #expect(extras?.body == "{\"a\":\"text\",\"b\":[1,0.5,{\"// why\":\"x\",\"d\":null}]}")
    }

    @Test(arguments: [
        ("vllm-mlx", "provider: {}"), ("lmstudio", "fallbackModels: [a]"), ("claude", "site: {}"), ("openrouter", "ttl: 5s"),
        ("claude", "extraBody: {}"),
    ])
    func whatAnotherKindHasNoUseFor(kind: String, keys: String) {
        #expect(codes("backend: b\nbackends:\n  b: { kind: \(kind), \(keys) }\n").contains(.withoutEffect))
    }

    @Test(arguments: [
        "{ key: sk-or-v1-0123456789abcdef0123456789abcdef0123456789abcdef }", "{ a: [{ api_key: correcthorsebattery }] }", "{ a: \"${B}\" }",
    ])
    func secretsHaveNoPlaceThere(body: String) {
        #expect(compile("backend: b\nbackends:\n  b: { kind: lmstudio, extraBody: \(body) }\n").hasErrors, "\(body)")
    }
}
