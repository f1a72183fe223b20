import Foundation
import JSON
import Testing

extension IntegrationTests {
    /// `anyclaude cache` beside a running stack with the native worker.
    @Suite struct CacheCommandTests {
        private static func ask(_ stack: Stack, system: String, question: String = "Hello") throws -> JSON {
            let body: JSON = [
                "model": "claude-local", "max_tokens": 300, "temperature": 0, "system": .string(system),
                "messages": [["role": "user", "content": .string(question)]],
            ]
            return try JSON(parsing: try stack.curl("/v1/messages", body: body.text).body)
        }

        private static func json(_ stack: Stack, _ arguments: String...) throws -> JSON {
            let run = try ProgramRun.run(
                "anyclaude", ["cache"] + arguments + ["--json"], environment: stack.environment, directory: stack.folder, limit: 60)
            try #require(run.status == 0, "\(run.output)\(run.errors)")
            return try JSON(parsing: run.output)
        }

        @Test func aMissIsExplainedCountedAndForgotten() throws {
            let stack = try Stack()
            try stack.write(".anyclauderc.yaml", Stack.quickstart)
            try #require(try stack.anyclaude("apply").status == 0)
            let notes = String(repeating: "Notes are kept below var/notes. ", count: 30)
            let first = try Self.ask(stack, system: notes)
            try stack.wait(for: "the first prompt's count") { try Self.json(stack, "explain")["prompt"]?["tokens"] != nil }
            let before = try Self.json(stack, "explain", first["id"]?.stringValue ?? "")
            #expect(before["result"] == "first")
            // The same beginning, and then other words: what is behind them was computed in vain.
            _ = try Self.ask(stack, system: "Be brief. " + notes, question: "Hello there")
            let explanation = try Self.json(stack, "explain")
            #expect(explanation["difference"]?["section"] == "system", "\(explanation.text)")
            #expect(explanation["difference"]?["cache_miss_reason"] == "system_changed")
            #expect(explanation["difference"]?["lost_tokens"] == before["prompt"]?["tokens"])
            let people = try stack.anyclaude("cache", "explain")
            #expect(people.output.contains("system.0") && people.output.contains("tokens"), "\(people.output)")

            #expect(try Self.ask(stack, system: notes)["content"] == first["content"])
            let stats = try Self.json(stack, "stats")
            #expect(stats["response"]?["hits"] == 1 && stats["response"]?["entries"] == 2, "\(stats.text)")
            #expect((stats["response"]?["tokens_not_computed"]?.intValue ?? 0) > 100)
            let status = try stack.anyclaude("status")
            #expect(status.output.contains("2 response") && status.output.contains("3 kv"), "\(status.output)")
            #expect(try JSON(parsing: try stack.anyclaude("status", "--json").output)["caches"]?["response"]?["hits"] == 1)

            let question: JSON = [
                "model": "claude-local", "max_tokens": 300, "temperature": 0, "messages": [["role": "user", "content": "Hello"]],
            ]
            _ = try stack.curl("/v1/messages", "-H", "x-claude-code-session-id: one", body: question.text)
            try stack.wait(for: "its answer to be kept") { try Self.json(stack, "stats")["response"]?["entries"] == 3 }
            let forgotten = try stack.anyclaude("cache", "clear", "--session", "one")
            #expect(forgotten.output.contains("forgot 1 kept answers") && forgotten.output.contains("and 1 prompts of one"), "\(forgotten.output)")
            #expect(try Self.json(stack, "stats")["response"]?["entries"] == 2)

            #expect(try Self.json(stack, "clear")["responses"] == 2)
            #expect(try Self.json(stack, "stats")["response"]?["entries"] == 0)
            #expect(try stack.anyclaude("cache", "explain").status != 0)
            // Nobody else on this machine may ask that: the stack has no token, and its private socket is its owner's.
            #expect(try stack.curl("/v1/anyclaude/cache/explain").status == 403)

            try #require(try stack.anyclaude("down").status == 0)
            let log = try String(contentsOfFile: "\(stack.home)/logs/proxy.log", encoding: .utf8)
            #expect(log.contains("the caches have saved") && log.contains("response_hits=1"), "\(log)")
        }
    }
}
