import Foundation
import JSON
import Testing

/// An applied stack whose only worker is `Fakes/scripted_upstream.py`: its model does what the prompts say, and writes down what it is sent.
///
/// The model `remote-model` is the same server, reached as one that somebody else runs; `as-NAME` the same as if it were that kind of server.
final class ScriptedStack: ClientSessions {
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

    /// A prompt that makes the model take these steps, one an answer.
    static func prompt(_ name: String, _ steps: [JSON]) -> String { "SCRIPT \(name) \(JSON.array(steps).text)" }

    /// What the server was sent so far, in its order.
    func requests(_ script: String) throws -> [UpstreamRequest] { try conversations()[script] ?? [] }

    /// The same by their scripts.
    func conversations() throws -> [String: [UpstreamRequest]] {
        let requests = try record().filter { $0["event"] == "request" }
        return Dictionary(grouping: requests) { $0["script"]?.stringValue ?? "" }.mapValues { $0.map(UpstreamRequest.init) }
    }

    /// The requests whose clients left before their answers were whole.
    func left() throws -> Set<Int> { Set(try record().filter { $0["event"] == "left" }.compactMap { $0["id"]?.intValue }) }

    private func record() throws -> [JSON] {
        let text = (try? String(contentsOfFile: "\(folder)/record", encoding: .utf8)) ?? ""
        return try text.split(separator: "\n").map { try JSON(parsing: String($0)) }
    }
}

/// A request as the model's server got it.
struct UpstreamRequest {
    var id: Int
    var step: Int
    var attempt: Int
    /// Seconds since 1970.
    var time: Double
    var body: JSON

    init(_ line: JSON) {
        id = line["id"]?.intValue ?? 0
        step = line["step"]?.intValue ?? 0
        attempt = line["try"]?.intValue ?? 0
        time = line["time"]?.doubleValue ?? 0
        body = line["body"] ?? .null
    }

    var messages: [JSON] { body["messages"]?.arrayValue ?? [] }

    var toolNames: [String] { (body["tools"]?.arrayValue ?? []).compactMap { $0["function"]?["name"]?.stringValue } }

    /// The texts of the messages of a role.
    func texts(_ role: String) -> [String] {
        messages.filter { $0["role"]?.stringValue == role }.map { message in
            message["content"]?.stringValue ?? (message["content"]?.arrayValue ?? []).compactMap { $0["text"]?.stringValue }.joined(separator: "\n")
        }
    }
}
