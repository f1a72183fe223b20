import Foundation
import JSON
import Testing

/// An applied stack of native workers with the demo model, its backends' shaping set so that the client's prompt is one that it can read.
///
/// The model `folds` has a template that refuses system messages in mid-conversation, as those of most models do; `plain` is the demo model as it is.
final class NativeStack: ClientSessions {
    let folder: String

    init(_ stack: Stack) throws {
        folder = stack.folder
        try FileManager.default.copyItem(atPath: TestEnvironment.demoModel, toPath: "\(folder)/folds")
        let template = try String(contentsOfFile: "\(TestEnvironment.root)/examples/models/training/chat_template.jinja", encoding: .utf8)
        let place = "{%- elif not (loop.first and message.role == 'system') -%}"
        try #require(template.contains(place))
        try stack.write(
            "folds/chat_template.jinja",
            template.replacing(
                place,
                with: "{%- elif message.role == 'system' and not loop.first -%}{{- raise_exception('a system message can only be the first') -}}"
                    + place))
        let shaping = """
            engine: native, kind: vllm-mlx, contextWindow: 8192, toolAllowlist: [Bash, Read], stubToolDescriptions: true, filterTier: extreme,
                    stripPluginInstructions: true, noThink: template, sampling: { temperature: 0 }, cache: { min_tokens_for_cache: 16 }
            """
        try stack.write(
            ".anyclauderc.yaml",
            """
            backend: folds
            probation: 200ms
            proxy: { port: @PORT@, responseCache: { enabled: false } }
            backends:
              folds: { port: @WORKER@, model: ./folds, \(shaping) }
              plain: { port: \(try Stack.freePort()), model: @MODEL@, \(shaping) }
            routes:
              - { match: { model: plain }, to: plain }
            """)
        let apply = try stack.anyclaude("apply")
        try #require(apply.status == 0, "\(apply.output)\(apply.errors)\(stack.supervisorLog)")
    }

    /// What the proxy noted of the answers of a backend so far.
    func answers(of backend: String) throws -> [Answer] {
        let text = try String(contentsOfFile: "\(folder)/home/logs/requests.jsonl", encoding: .utf8)
        return try text.split(separator: "\n").map { try JSON(parsing: String($0)) }.filter { $0["backend"]?.stringValue == backend }.map(Answer.init)
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
