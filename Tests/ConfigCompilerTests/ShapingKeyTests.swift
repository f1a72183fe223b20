import ConfigCompiler
import Diagnostics
import JSON
import LaunchPlan
import Testing

/// The keys of shaping and sampling, and what the proxy is told of them.
@Suite struct ShapingKeyTests {
    private static func backend(_ keys: String, kind: String = "vllm-mlx") throws -> ProxySettings.Backend {
        let plan = try plan("backend: b\nbackends:\n  b: { kind: \(kind), baseUrl: \"http://10.0.0.2:8082/v1\", model: m, \(keys) }\n")
        let settings: ProxySettings = try #require(plan.service(named: "proxy")?.settings).decode()
        return try #require(settings.backends.first)
    }

    @Test func nothingIsShapedByItself() throws {
        let backend = try Self.backend("contextWindow: 8192")
        #expect(backend.shaping == nil && backend.sampling == nil)
        #expect(try Self.backend("stubToolDescriptions: false, safeSystemFilter: false, stripPluginInstructions: false, sampling: {}").shaping == nil)
    }

    @Test func theKeysOfTheEarlierTool() throws {
        let shaping = try Self.backend(
            "toolAllowlist: [Bash, \"mcp__*\"], stubToolDescriptions: true, filterTier: extreme, stripPluginInstructions: true, noThink: qwen3"
        ).shaping
        #expect(shaping == .init(tools: ["Bash", "mcp__*"], stubs: true, tier: .extreme, withoutPlugins: true, noThinking: .slash))
        #expect(try Self.backend("toolAllowlist: []").shaping == .init(tools: []))
    }

    @Test(
        arguments: [
            ("filterTier: moderate", .moderate), ("filterTier: moderate, safeSystemFilter: true", .moderate),
            ("filterTier: moderate, safeSystemFilter: false", nil), ("safeSystemFilter: true", .aggressive),
            ("filterTier: auto", .aggressive), ("filterTier: auto, contextWindow: 131072", .minimal),
            ("filterTier: auto, contextWindow: 65536", .moderate),
            ("filterTier: auto, contextWindow: 32768", .aggressive), ("filterTier: auto, contextWindow: 8192", .extreme),
        ] as [(String, ProxySettings.Shaping.Tier?)])
    func theTier(keys: String, tier: ProxySettings.Shaping.Tier?) throws {
        #expect(try Self.backend(keys).shaping?.tier == tier)
    }

    @Test func decimalsAreExact() throws {
        let sampling = try Self.backend(
            "sampling: { temperature: 0.7, topP: 0.95, topK: 20, minP: 0.00, repetitionPenalty: 1.05, presencePenalty: -1.5, frequencyPenalty: 2, seed: 7 }"
        ).sampling
        #expect(
            sampling
                == .init(
                    temperature: "0.7", topP: "0.95", topK: 20, minP: "0", repetitionPenalty: "1.05", presencePenalty: "-1.5", frequencyPenalty: "2",
                    seed: 7))
    }

    @Test(arguments: ["temperature: 2.1", "topP: -0.1", "topP: true", "temperature: \"0.5\"", "topK: 0", "minP: .nan"])
    func numbersOutOfPlace(key: String) {
        let result = compile("backend: b\nbackends:\n  b: { kind: lmstudio, sampling: { \(key) } }\n")
        #expect(result.hasErrors, "\(key)")
    }

    @Test func whatPassesUnchangedIsNotShaped() {
        let result = compile("backend: claude\nbackends:\n  claude: { filterTier: extreme, sampling: { topK: 3 } }\n")
        #expect(result.diagnostics.map(\.code) == [.withoutEffect])
    }

    @Test func theKeysAreExplained() {
        #expect(Explanation.key("backends.*.sampling.temperature")?.contains("a number, 0...2") == true)
        #expect(Explanation.key("toolAllowlist")?.contains("a list of texts") == true)
    }
}
