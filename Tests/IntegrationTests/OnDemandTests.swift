import Control
import Foundation
import JSON
import Testing

extension IntegrationTests {
    /// Workers that run while somebody uses them.
    @Suite struct OnDemandTests {
        /// Two workers, of which one fits.
        private static let two = """
            backend: a
            probation: 100ms
            proxy: { port: @PORT@, responseCache: { enabled: false } }
            budget: { memory: 3GiB }
            backends:
              a: { kind: vllm-mlx, engine: native, port: @WORKER@, model: @MODEL@, contextWindow: 8192, idle: {}, resources: { memory: 2GiB } }
              b: { kind: vllm-mlx, engine: native, port: @OTHER@, model: @MODEL@, contextWindow: 8192, idle: {}, resources: { memory: 2GiB } }
            routes: [{ match: { model: "*haiku*" }, to: b }]

            """

        /// The status of one answer.
        private static func ask(_ baseURL: String, _ model: String, _ text: String) throws -> Int {
            let body: JSON = [
                "model": .string(model), "max_tokens": 20, "temperature": 0, "messages": [["role": "user", "content": .string(text)]],
            ]
            let arguments = ["-sS", "-m", "60", "-o", "/dev/null", "-w", "%{http_code}", "-H", "content-type: application/json"]
            let run = try ProgramRun.run("curl", arguments + ["--data-binary", "@-", "\(baseURL)/v1/messages"], input: body.text)
            return Int(run.output) ?? 0
        }

        @Test func aWorkerThatNobodyUsesEndsAndComesBackForTheNextRequest() throws {
            let stack = try Stack()
            let text = Stack.quickstart.replacing("replace: overlap", with: "idle: { stopAfter: 1s }")
            try stack.write(".anyclauderc.yaml", text)
            let apply = try stack.anyclaude("apply")
            try #require(apply.status == 0, "\(apply.output)\(apply.errors)")
            try stack.wait(for: "an unused worker to end") { try stack.service("vllm-mlx").state == .idle }
            #expect(try stack.service("vllm-mlx").pid == nil)
            #expect(try stack.ask().status == 200)
            try stack.wait(for: "it to end again") { try stack.service("vllm-mlx").state == .idle }
            // The next supervisor finds nothing to take over, and starts it as well.
            kill(pid_t(try stack.status().pid), SIGKILL)
            try #require(try stack.anyclaude("apply").status == 0)
            #expect(try stack.ask("Hi there").status == 200)
        }

        @Test func twoThatDoNotFitTogetherTakeTurns() throws {
            let stack = try Stack()
            try stack.write(".anyclauderc.yaml", Self.two.replacing("@OTHER@", with: "\(try Stack.freePort())"))
            let apply = try stack.anyclaude("apply")
            try #require(apply.status == 0, "\(apply.output)\(apply.errors)\n\(stack.supervisorLog)")
            for round in 1...3 {
                for (model, name) in [("claude-haiku", "b"), ("claude-opus", "a")] {
                    #expect(try Self.ask(stack.baseURL, model, "Round \(round)") == 200)
                    let states = try stack.status().services.filter { $0.name != "proxy" }
                    #expect(states.count { $0.pid != nil } == 1, "\(states)")
                    #expect(states.first { $0.pid != nil }?.name == name)
                }
            }
        }

        /// Requests that come together for both: all are answered.
        @Test func aCrowdIsServedInTurns() throws {
            let stack = try Stack()
            try stack.write(".anyclauderc.yaml", Self.two.replacing("@OTHER@", with: "\(try Stack.freePort())"))
            try #require(try stack.anyclaude("apply").status == 0)
            let statuses = Statuses()
            let url = stack.baseURL
            let threads = (0..<12).map { index in
                Thread { statuses.add((try? Self.ask(url, index % 2 == 0 ? "claude-haiku" : "claude-opus", "Number \(index)")) ?? 0) }
            }
            for thread in threads { thread.start() }
            try stack.wait(for: "all answers") { statuses.all.count == 12 }
            #expect(statuses.all == Array(repeating: 200, count: 12))
        }

        private final class Statuses: @unchecked Sendable {
            private let lock = NSLock()
            private var values: [Int] = []
            func add(_ value: Int) { lock.withLock { values.append(value) } }
            var all: [Int] { lock.withLock { values } }
        }
    }
}
