import Control
import Foundation
import JSON
import Testing

extension IntegrationTests {
    /// From a file to a supervised stack that answers, with the real programs and the demo model.
    @Suite struct FirstRunTests {
        @Test func quickstartAnswers() throws {
            let stack = try Stack()
            try stack.write(".anyclauderc.yaml", Stack.quickstart)
            let apply = try stack.anyclaude("apply")
            #expect(apply.status == 0, "\(apply.output)\(apply.errors)")
            let status = try stack.status()
            #expect(status.services.map(\.name) == ["proxy", "vllm-mlx"])
            #expect(status.services.allSatisfy { $0.state == .ready })
            #expect(status.generation == 1)

            let answer = try stack.ask("Hello")
            #expect(answer.status == 200)
            #expect(!answer.text.isEmpty)
            #expect(try stack.curl("/health").status == 200)
            #expect(try stack.curl("/metrics").body.contains("# TYPE"))
            #expect(try stack.curl("/v1/models").status == 200)

            // The same file once more changes nothing.
            let again = try stack.anyclaude("apply")
            #expect(again.status == 0)
            #expect(try stack.status().generation == 1)

            let pids = status.services.compactMap(\.pid)
            let down = try stack.anyclaude("down")
            #expect(down.status == 0, "\(down.errors)")
            #expect(pids.allSatisfy { kill(pid_t($0), 0) != 0 }, "a process outlived `down`")
        }

        @Test(.enabled(if: TestEnvironment.python != nil, "no Python with the anthropic SDK (make test installs it)"))
        func officialSDK() throws {
            let stack = try Stack()
            try stack.write(".anyclauderc.yaml", Stack.quickstart)
            let apply = try stack.anyclaude("apply")
            try #require(apply.status == 0, "\(apply.output)\(apply.errors)")
            let script = "\(TestEnvironment.root)/Tests/IntegrationTests/Python/sdk_client.py"
            let run = try ProgramRun.run(try #require(TestEnvironment.python), [script, stack.baseURL])
            #expect(run.status == 0, "\(run.output)\(run.errors)")
            #expect(run.output.contains("all passed"))
        }

        @Test func cacheSurvivesAWorkerRestart() throws {
            let stack = try Stack()
            try stack.write(".anyclauderc.yaml", Stack.quickstart)
            try #require(try stack.anyclaude("apply").status == 0)
            let ask = "\(TestEnvironment.root)/scripts/ask.py"
            let first = try ProgramRun.run("python3", [ask, stack.baseURL, "--json"])
            try #require(first.status == 0, "\(first.errors)")
            let rows = try #require(try JSON(parsing: first.output).arrayValue)
            #expect(rows[0]["usage"]?["cache_read_input_tokens"]?.intValue == 0)
            #expect((rows[1]["usage"]?["cache_read_input_tokens"]?.intValue ?? 0) > 100)
            #expect(rows[2]["headers"]?["x-anyclaude-cache"]?.stringValue?.hasPrefix("hit") == true)

            let restart = try stack.anyclaude("restart", "vllm-mlx")
            #expect(restart.status == 0, "\(restart.errors)")
            try stack.wait(for: "the worker after its restart") { try stack.service("vllm-mlx").state == .ready }
            // Another question with the same tools and system text: only a store that survived can know the prefix.
            let body: JSON = [
                "model": "claude-local", "max_tokens": 8, "temperature": 0,
                "system": .string(String(repeating: "Notes are kept below var/notes. ", count: 30)),
                "messages": [["role": "user", "content": "Hello there"]],
            ]
            let cold = try JSON(parsing: try stack.curl("/v1/messages", "-H", "x-anyclaude-cache: bypass", body: body.text).body)
            #expect(cold["usage"]?["cache_read_input_tokens"]?.intValue == 0)
            _ = try stack.anyclaude("restart", "vllm-mlx")
            try stack.wait(for: "the worker after its second restart") { try stack.service("vllm-mlx").state == .ready }
            let warm = try JSON(parsing: try stack.curl("/v1/messages", "-H", "x-anyclaude-cache: bypass", body: body.text).body)
            #expect((warm["usage"]?["cache_read_input_tokens"]?.intValue ?? 0) > 100)
            #expect(warm["content"] == cold["content"], "the answer depends on whether the prefix was cached")
        }
    }
}
