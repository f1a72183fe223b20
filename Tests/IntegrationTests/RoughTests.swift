import Control
import Foundation
import JSON
import Testing

extension IntegrationTests {
    /// What rough clients and rough ends of processes leave behind: nothing, and the same answers.
    @Suite struct RoughTests {
        /// A caller may ignore the end of its children, and a program that it starts inherits that.
        @Test func childrenAreWaitedForWhateverTheCallerIgnores() throws {
            let stack = try Stack()
            let run = try ProgramRun.run(
                "python3",
                [
                    "-c",
                    "import os, signal; signal.signal(signal.SIGCHLD, signal.SIG_IGN); "
                        + "os.execvp('anyclaude', ['anyclaude', 'probe', '--deadline', '500', '--', '/bin/sleep', '100'])",
                ], environment: stack.environment, directory: stack.folder, limit: 30)
            #expect(run.status == 1 && run.errors.contains("takes too long"), "\(run)")
        }

        @Test func clientsThatLeaveCostNoAnswerAndNoProcess() throws {
            let stack = try Stack()
            try stack.write(".anyclauderc.yaml", Stack.quickstart)
            try #require(try stack.anyclaude("apply").status == 0)
            let before = try stack.status()
            let script = "\(TestEnvironment.root)/Tests/IntegrationTests/Python/leaving_clients.py"
            let run = try ProgramRun.run("python3", [script, "127.0.0.1", "\(stack.port)", "300"])
            #expect(run.status == 0, "\(run.output)\(run.errors)")
            try stack.wait(for: "the proxy's requests to be over") {
                try stack.curl("/metrics").body.contains("anyclaude_proxy_requests_in_flight 0\n")
            }
            try stack.wait(for: "the worker's requests to be over") {
                let metrics = try ProgramRun.run("curl", ["-sS", "-m", "10", "http://127.0.0.1:\(stack.workerPort)/metrics"]).output
                return metrics.contains("anyclaude_runtime_active_requests 0\n") && metrics.contains("anyclaude_runtime_queued_requests 0\n")
            }
            #expect(try stack.status().services.map(\.pid) == before.services.map(\.pid), "a process ended")
            #expect(try stack.ask().status == 200)
        }

        /// Keys and values on disk are whole or not there, whenever the worker was killed.
        @Test func killedWorkerAnswersTheSame() throws {
            let stack = try Stack()
            try stack.write(".anyclauderc.yaml", Stack.quickstart)
            try #require(try stack.anyclaude("apply").status == 0)
            let note = String(repeating: "Notes are kept below var/notes. ", count: 30)
            func answer(_ text: String) throws -> JSON? {
                let body: JSON = [
                    "model": "claude-local", "max_tokens": 24, "temperature": 0, "system": .string(note),
                    "messages": [["role": "user", "content": .string(text)]],
                ]
                return try JSON(parsing: try stack.curl("/v1/messages", "-H", "x-anyclaude-cache: bypass", body: body.text).body)["content"]
            }
            let questions = (1...5).map { "Hello, number \($0)" }
            let expected = try questions.map(answer)
            for (question, expected) in zip(questions, expected) {
                let pid = try #require(try stack.service("vllm-mlx").pid)
                kill(pid_t(pid), SIGKILL)
                try stack.wait(for: "the worker's successor") {
                    let service = try stack.service("vllm-mlx")
                    return service.state == .ready && service.pid != pid
                }
                #expect(try answer(question) == expected)
                // Its writing is under way when the next round kills it.
                _ = try answer("Something new: \(question)")
            }
            let metrics = try ProgramRun.run("curl", ["-sS", "-m", "10", "http://127.0.0.1:\(stack.workerPort)/metrics"]).output
            #expect(metrics.contains("anyclaude_runtime_kv_verify_failures_total 0\n"))
            #expect(!metrics.contains("anyclaude_runtime_kv_hit_tokens_total 0\n"), "nothing of the store survived")
        }
    }
}
