import Foundation
import JSON
import Testing

/// An applied stack of a native worker with the demo model, its backend's shaping set so that the client's prompt is one that it can read.
final class NativeStack: ClientSessions {
    let folder: String

    init(_ stack: Stack) throws {
        folder = stack.folder
        try stack.write(
            ".anyclauderc.yaml",
            """
            backend: demo
            probation: 200ms
            proxy: { port: @PORT@, responseCache: { enabled: false } }
            backends:
              demo:
                engine: native
                kind: vllm-mlx
                port: @WORKER@
                model: @MODEL@
                contextWindow: 8192
                toolAllowlist: [Bash, Read]
                stubToolDescriptions: true
                filterTier: extreme
                stripPluginInstructions: true
                noThink: template
                sampling: { temperature: 0 }
                cache: { min_tokens_for_cache: 16 }
            """)
        let apply = try stack.anyclaude("apply")
        try #require(apply.status == 0, "\(apply.output)\(apply.errors)\(stack.supervisorLog)")
    }

    /// What the proxy noted of the worker's answers so far.
    func answers() throws -> [Answer] {
        let text = try String(contentsOfFile: "\(folder)/home/logs/requests.jsonl", encoding: .utf8)
        return try text.split(separator: "\n").map { try JSON(parsing: String($0)) }.filter { $0["backend"] == "demo" }.map(Answer.init)
    }

    /// An answer of the model, with the tokens as its worker counted them.
    struct Answer {
        var stop: String?
        var input: Int
        var output: Int
        var cached: Int

        init(_ line: JSON) throws {
            stop = line["stop_reason"]?.stringValue
            input = try #require(line["tokens"]?["input"]?.intValue, "\(line.text)")
            output = try #require(line["tokens"]?["output"]?.intValue, "\(line.text)")
            cached = line["tokens"]?["cached"]?.intValue ?? 0
        }
    }
}
