import Foundation
import JSON
import Testing

extension IntegrationTests {
    /// What is written down of requests, and what can be done with it.
    @Suite(.enabled(if: TestEnvironment.hasPrograms, "\(TestEnvironment.needsPrograms)")) struct ReplayTests {
        private static func configuration(_ proxy: String) -> String {
            Stack.quickstart.replacing("proxy: { port: @PORT@ }", with: "proxy: { port: @PORT@, \(proxy) }")
        }

        private static func ask(_ stack: Stack, _ text: String, _ more: JSONObject = [:]) throws {
            var body: JSONObject = [
                "model": "claude-local", "max_tokens": 24, "messages": [["role": "user", "content": .string(text)]], "temperature": 0,
            ]
            for member in more.members { body[member.key] = member.value }
            let answer = try stack.curl(
                "/v1/messages", "-H", "x-api-key: sk-of-the-client", "-H", "x-claude-code-session-id: s-1", body: JSON.object(body).text)
            #expect(answer.status == 200, "\(answer.body)")
        }

        @Test func aCaptureIsReplayedWithAndWithoutItsModel() throws {
            let stack = try Stack()
            try stack.write(".anyclauderc.yaml", Self.configuration("capture: { enabled: true, directory: ./captured }"))
            let apply = try stack.anyclaude("apply")
            try #require(apply.status == 0, "\(apply.output)\(apply.errors)")
            try Self.ask(stack, "Hello")
            try Self.ask(
                stack, "Show me /etc/hosts",
                ["stream": true, "tools": [["name": "Read", "input_schema": ["type": "object", "properties": ["path": ["type": "string"]]]]]])
            let file = "\(stack.folder)/captured/exchanges.jsonl"
            try stack.wait(for: "two exchanges") { (try? String(contentsOfFile: file, encoding: .utf8))?.split(separator: "\n").count == 2 }
            let text = try String(contentsOfFile: file, encoding: .utf8)
            #expect(text.contains("Show me") && !text.contains("sk-of-the-client"))

            let again = try stack.anyclaude("replay", file, "--exact", "--json")
            #expect(again.status == 0, "\(again.output)\(again.errors)")
            #expect(try JSON(parsing: again.output)["sent"]?.intValue == 2)
            try #require(try stack.anyclaude("down").status == 0)

            let offline = try stack.anyclaude("replay", file, "--offline", "--exact")
            #expect(offline.status == 0 && offline.output.contains("2 sent, 0 different, 0 skipped"), "\(offline.output)\(offline.errors)")
            // A proxy that says something else is found out.
            let changed = try stack.write("changed.jsonl", text.replacing("\\\"stop_reason\\\":\\\"", with: "\\\"stop_reason\\\":\\\"not_"))
            let different = try stack.anyclaude("replay", changed, "--offline")
            #expect(different.status == 1 && different.output.contains("stop_reason is"), "\(different.output)\(different.errors)")
            #expect(try stack.anyclaude("replay", "\(stack.folder)/.anyclauderc.yaml").status == 1)
            #expect(try stack.anyclaude("replay", "/nonexistent").status != 0)
        }

        @Test func eachRequestHasItsLine() throws {
            let stack = try Stack()
            try stack.write(".anyclauderc.yaml", Self.configuration("requestLog: { maxBytes: 4KiB, maxFiles: 2 }"))
            try #require(try stack.anyclaude("apply").status == 0)
            for number in 0..<12 { try Self.ask(stack, "Hello \(number)") }
            let folder = "\(stack.home)/logs"
            func lines() -> [JSON] {
                ["requests.jsonl.2", "requests.jsonl.1", "requests.jsonl"].flatMap { name in
                    ((try? String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)) ?? "").split(separator: "\n").map {
                        (try? JSON(parsing: String($0))) ?? .null
                    }
                }
            }
            try stack.wait(for: "twelve lines") { lines().count == 12 }
            let line = try #require(lines().last)
            #expect(line["backend"]?.stringValue == "vllm-mlx" && line["session"]?.stringValue == "s-1" && line["status"]?.intValue == 200)
            #expect(line["tokens"]?["input"]?.intValue ?? 0 > 5 && line["call"]?.stringValue == "side")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).contains("requests.jsonl.1"))
            let status = try stack.anyclaude("status")
            #expect(status.output.contains("\(folder)/requests.jsonl"), "\(status.output)")
        }
    }
}
