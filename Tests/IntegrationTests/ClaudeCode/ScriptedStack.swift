import Foundation
import JSON
import Testing

/// An applied stack whose only worker is `Fakes/scripted_upstream.py`: its model does what the prompts say, and writes down what it is sent.
///
/// The model `remote-model` is the same server, reached as one that somebody else runs; `as-NAME` the same as if it were that kind of server.
final class ScriptedStack: ScriptedSessions {
    let folder: String

    /// The dialects of the proxy, and what makes it speak them.
    static let disguises = [
        "vllm": "kind: vllm-mlx, engine: vllm, autoStartServer: false", "mlx-lm": "kind: vllm-mlx, engine: mlx-lm, autoStartServer: false",
        "mlx-textgen": "kind: vllm-mlx, engine: mlx-textgen, autoStartServer: false",
        "llama-server": "kind: vllm-mlx, engine: llama-server, autoStartServer: false", "lmstudio": "kind: lmstudio",
        "openrouter": "kind: openrouter, apiKey: { env: FAKE_KEY }",
    ]

    /// - Parameter proxy: more of the proxy's keys, each behind a comma.
    init(_ stack: Stack, proxy: String = "") throws {
        folder = stack.folder
        let outside = try Stack.freePort()
        stack.environment["FAKE_KEY"] = "a key of no worth"
        let upstream = "\(TestEnvironment.root)/Tests/IntegrationTests/Fakes/scripted_upstream.py"
        try stack.write(
            ".anyclauderc.yaml",
            """
            backend: scripted
            probation: 200ms
            proxy: { port: @PORT@\(proxy) }
            backends:
              scripted:
                kind: vllm-mlx
                engine: command
                command: [\(upstream), "@WORKER@", \(stack.folder)/record, --also, "\(outside)"]
                port: @WORKER@
                model: scripted-model
                contextWindow: 200000
                health: { startup: { http: /health }, readiness: { http: /health }, liveness: none }
              remote:
                kind: vllm-mlx
                baseUrl: http://127.0.0.1:\(outside)/v1
                autoStartServer: false
                model: remote-model
            \(Self.disguises.map { "  as-\($0.key): { \($0.value), baseUrl: http://127.0.0.1:\(outside)/v1, model: as-\($0.key) }" }.joined(separator: "\n"))
            routes:
              - { match: { model: "remote*" }, to: remote }
            \(Self.disguises.keys.map { "  - { match: { model: as-\($0) }, to: as-\($0) }" }.joined(separator: "\n"))
            """)
        let apply = try stack.anyclaude("apply")
        try #require(apply.status == 0, "\(apply.output)\(apply.errors)\(stack.supervisorLog)")
    }
}
