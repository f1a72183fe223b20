import ConfigCompiler
import Diagnostics
import Testing

/// Every key that an earlier file can hold works, or is refused or called unused with its reason; none is unknown, none is silent.
@Suite struct UpstreamKeyTests {
    /// A key in its place, as JSON; and what it gives.
    enum Outcome { case works, unused }

    private static let backend: [(String, Outcome)] = [
        ("\"enabled\": true", .works), ("\"description\": \"x\"", .works), ("\"maxTokens\": 262144", .works),
        ("\"compatibility\": \"legacy\"", .unused),
        ("\"baseUrl\": \"http://localhost:8081/v1\"", .works), ("\"port\": 8081", .works), ("\"apiKey\": \"vllm-mlx\"", .works),
        ("\"model\": \"current-model\"", .works), ("\"modelPath\": \"/models/x\"", .works), ("\"autoStartServer\": false", .works),
        ("\"startupTimeout\": 120000", .works), ("\"pythonVenv\": \"~/.venv-mlx\"", .works),
        ("\"cache\": {\"enable_cache\": true, \"cache_slots\": 10, \"min_tokens_for_cache\": 100}", .works),
        ("\"cache\": {\"enableCache\": true, \"cacheSlots\": 10, \"minTokensForCache\": 100}", .works),
        ("\"safeSystemFilter\": true", .works), ("\"filterTier\": \"extreme\"", .works), ("\"stubToolDescriptions\": true", .works),
        ("\"toolAllowlist\": [\"Bash\"]", .works), ("\"toolAllowlist\": []", .works), ("\"stripPluginInstructions\": true", .works),
        ("\"localSearch\": true", .unused),
        ("\"distributed\": {\"enabled\": true}", .unused), ("\"truncateSystemPrompt\": true", .unused), ("\"systemPromptMaxTokens\": 1", .unused),
        ("\"smartSystemPrompt\": true", .unused), ("\"smartPromptMode\": \"x\"", .unused), ("\"promptAdapter\": \"x\"", .unused),
        ("\"contextManager\": {}", .unused), ("\"resources\": {\"cpus\": 2}", .works),
        ("\"resources\": {\"memory\": \"2GiB\", \"threads\": 2}", .works),
    ]

    private static let file: [(String, Outcome)] = [
        ("\"port\": 49152", .works), ("\"pythonVenv\": \"~/.venv-mlx\"", .works), ("\"debug\": {\"level\": 0}", .works),
        ("\"debug\": {\"level\": 3}", .unused), ("\"debug\": {\"enableTraces\": true}", .unused),
        ("\"debug\": {\"enableStreamLogging\": true}", .unused),
        ("\"circuitBreaker\": {\"enabled\": true}", .unused), ("\"webSearch\": {\"preferLocal\": true}", .unused), ("\"// note\": \"x\"", .works),
        ("\"$schema\": \"x\"", .works), ("\"instance\": \"two\"", .works), ("\"budget\": {\"memory\": \"8GiB\"}", .works),
        ("\"routes\": [{\"match\": {\"call\": \"side\", \"maxSize\": \"1MiB\"}, \"to\": \"claude\"}]", .works),
        ("\"routes\": [{\"match\": {\"model\": \"*haiku*\"}, \"to\": \"claude\"}]", .works),
    ]

    private func expect(_ text: String, _ outcome: Outcome) {
        let result = compile(text, name: "x.json")
        let codes = result.diagnostics.map(\.code)
        let report = TextRenderer(color: false).render(result.diagnostics, result.sources)
        #expect(!result.hasErrors, "\(text)\n\(report)")
        #expect(codes.contains(.unusedKey) == (outcome != .works), "\(text)\n\(report)")
    }

    @Test func everyKeyOfABackend() {
        for (key, outcome) in Self.backend { expect("{\"backend\": \"local\", \"backends\": {\"local\": {\(key)}}}", outcome) }
    }

    @Test func everyKeyOfTheFile() {
        for (key, outcome) in Self.file { expect("{\"backend\": \"claude\", \(key)}", outcome) }
    }

    @Test(arguments: ["vllm-mlx", "mlx-textgen", "mlx", "mlx-lm", "mlx-legacy", "local", "lmstudio", "openrouter", "claude"])
    func everyBackendOfUpstream(name: String) {
        expect("{\"backend\": \"\(name)\", \"backends\": {\"\(name)\": {}}}", .works)
    }

    private static let cluster = """
        backend: mlx-cluster
        backends:
          mlx-cluster:
            model: qwen
            discovery: { mode: static, nodes: [{ id: node-1, url: "http://10.0.0.1:8082" }, { nodeId: node-2, url: "http://10.0.0.2:8082/v1" }] }
            routing: { strategy: round-robin }
        routes: [{ match: { model: "*haiku*" }, to: node-2 }]
        """

    @Test func theNodesOfAClusterAreBackends() throws {
        let result = compile(Self.cluster)
        #expect(Set(result.diagnostics.map(\.code)) == [.unusedKey, .withoutEffect])
        let same = try plan(
            """
            backend: node-1
            backends:
              node-1: { kind: vllm-mlx, model: qwen, baseUrl: "http://10.0.0.1:8082/v1" }
              node-2: { kind: vllm-mlx, model: qwen, baseUrl: "http://10.0.0.2:8082/v1" }
            routes: [{ match: { model: "*haiku*" }, to: node-2 }]
            """)
        #expect(try result.plan?.json() == same.json())
    }

    @Test func aClusterWithoutListedNodesIsRefused() {
        #expect(codes("backends: { mlx-cluster: { discovery: { mode: dns, nodes: [{ id: a, url: http://h }] } } }").contains(.unsupportedKind))
        #expect(codes("backends: { mlx-cluster: { discovery: { nodes: [] } } }").contains(.unsupportedKind))
        #expect(codes("backends: { mlx-cluster: { discovery: { nodes: [{ id: a }] } } }").contains(.missingKey))
        #expect(
            codes("backend: a\nbackends: { a: { kind: claude }, mlx-cluster: { discovery: { nodes: [{ id: a, url: http://h }] } } }") == [
                .duplicateKey
            ])
    }
}
