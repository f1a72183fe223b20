import Control
import Foundation
import JSON
import Testing

extension IntegrationTests {
    /// What is killed comes back; what fails is rolled back; what stops leaves nothing.
    @Suite struct SurvivalTests {
        @Test(arguments: ["proxy", "vllm-mlx"])
        func killedServiceComesBack(name: String) throws {
            let stack = try Stack()
            try stack.write(".anyclauderc.yaml", Stack.quickstart)
            try #require(try stack.anyclaude("apply").status == 0)
            let pid = try #require(try stack.service(name).pid)
            kill(pid_t(pid), SIGKILL)
            try stack.wait(for: "\(name) with another process") {
                let service = try stack.service(name)
                return service.state == .ready && service.pid != pid
            }
            #expect(try stack.service(name).restarts == 1)
            #expect(try stack.ask().status == 200)
        }

        @Test func killedSupervisorLosesNoWorker() throws {
            let stack = try Stack()
            try stack.write(".anyclauderc.yaml", Stack.quickstart)
            try #require(try stack.anyclaude("apply").status == 0)
            #expect(try stack.ask().status == 200)
            let before = try stack.status()
            kill(pid_t(before.pid), SIGKILL)
            // The stack serves without its supervisor.
            #expect(try stack.ask("Hi there").status == 200)
            let apply = try stack.anyclaude("apply")
            #expect(apply.status == 0, "\(apply.output)\(apply.errors)\n\(stack.supervisorLog)")
            let after = try stack.status()
            #expect(after.pid != before.pid)
            #expect(after.services.map(\.pid) == before.services.map(\.pid), "a worker was not adopted")
            // And adopted services are supervised: a kill is noticed.
            let pid = try #require(after.services.last?.pid)
            kill(pid_t(pid), SIGKILL)
            try stack.wait(for: "the adopted worker's successor") {
                let service = try stack.service("vllm-mlx")
                return service.state == .ready && service.pid != pid
            }
            #expect(try stack.ask("Hello again").status == 200)
        }

        /// It is ready by every probe, and fails at what it is for.
        @Test func aWorkerThatFailsAtRequestsOnProbationIsRolledBack() throws {
            let stack = try Stack()
            try stack.write(
                "server.py",
                """
                import http.server, sys
                class Handler(http.server.BaseHTTPRequestHandler):
                    def answer(self, status):
                        self.send_response(status)
                        self.send_header("content-length", "2")
                        self.end_headers()
                        self.wfile.write(b"{}")
                    def do_GET(self): self.answer(200)
                    def do_POST(self):
                        self.rfile.read(int(self.headers.get("content-length", 0)))
                        self.answer(500)
                http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
                """)
            let text = """
                backend: lab
                probation: @PROBATION@
                proxy: { port: @PORT@ }
                backends:
                  lab:
                    kind: local
                    engine: command
                    port: @WORKER@
                    command: [python3, server.py, "@WORKER@"]
                    health: { startup: { http: /, timeout: 20s }, readiness: { http: / }, liveness: none }

                """
            try stack.write(".anyclauderc.yaml", text.replacing("@PROBATION@", with: "10ms"))
            let first = try stack.anyclaude("apply")
            try #require(first.status == 0, "\(first.output)\(first.errors)")
            try stack.write(
                ".anyclauderc.yaml", text.replacing("@PROBATION@", with: "60s").replacing("liveness: none", with: "liveness: { http: / }"))
            try #require(try stack.anyclaude("apply", "--no-wait").status == 0)
            // Asked until the probation has ended: only answers that come in it count.
            try stack.wait(for: "the rollback") {
                _ = try stack.ask()
                return try !stack.status().busy
            }
            let history = try stack.anyclaude("history").output
            #expect(history.contains("rolled-back") && history.contains("requests on probation"), "\(history)")
        }

        @Test func oldGenerationsAreForgotten() throws {
            let stack = try Stack()
            for limit in 1...4 {
                let text = Stack.quickstart.replacing("port: @PORT@", with: "port: @PORT@, limits: { maxConcurrent: \(limit) }")
                try stack.write(".anyclauderc.yaml", text)
                try #require(try stack.anyclaude("apply", limit == 4 ? "--no-wait" : "--wait").status == 0)
            }
            try stack.wait(for: "the last apply") { try stack.status().generation == 4 && !stack.status().busy }
            let gc = try stack.anyclaude("gc", "--keep", "1")
            #expect(gc.status == 0 && gc.output == "forgot generations 1, 2, and 2 plans with them\n", "\(gc.output)\(gc.errors)")
            #expect(try stack.anyclaude("rollback", "1").status == 3)
            #expect(try stack.anyclaude("rollback").status == 0)
            #expect(try stack.status().generation == 3)
        }

        @Test func anUpgradeTouchesNoService() throws {
            let stack = try Stack()
            try stack.write(".anyclauderc.yaml", Stack.quickstart)
            try #require(try stack.anyclaude("apply").status == 0)
            let before = try stack.status()
            let upgrade = try stack.anyclaude("restart", "supervisor")
            #expect(upgrade.status == 0, "\(upgrade.output)\(upgrade.errors)\n\(stack.supervisorLog)")
            let after = try stack.status()
            #expect(after.pid == before.pid && after.startedMs != before.startedMs)
            #expect(after.services.map(\.pid) == before.services.map(\.pid))
            #expect(try stack.ask().status == 200)
            // They are its children still: how one ends is known exactly, and it comes back.
            let pid = try #require(try stack.service("vllm-mlx").pid)
            kill(pid_t(pid), SIGKILL)
            try stack.wait(for: "the worker's successor") {
                let service = try stack.service("vllm-mlx")
                return service.state == .ready && service.pid != pid
            }
            #expect(try stack.service("vllm-mlx").lastExit == "signal 9")
            // Listeners went along: the proxy is replaced on the same one.
            try stack.write(".anyclauderc.yaml", Stack.quickstart.replacing("port: @PORT@", with: "port: @PORT@, limits: { maxConcurrent: 7 }"))
            let apply = try stack.anyclaude("apply")
            #expect(apply.status == 0, "\(apply.output)\(apply.errors)")
            #expect(try stack.ask("Hi there").status == 200)
        }

        /// As a service starts it: what runs first is compiled there, and no file keeps the secrets that go with it.
        @Test func aFirstStartInTheForeground() throws {
            let stack = try Stack()
            try stack.write(".anyclauderc.yaml", Stack.quickstart.replacing("port: @PORT@", with: "port: @PORT@, authToken: { env: TOKEN }"))
            let environment = stack.environment.merging(["TOKEN": "canary-of-the-first-start"]) { $1 }
            let supervisor = try SpawnedProgram("anyclaude", ["supervise"], environment: environment, directory: stack.folder)
            try stack.wait(for: "the stack of the configuration") {
                let run = try stack.anyclaude("status", "--json")
                guard run.status == 0 else { return false }
                return try JSON(parsing: run.output).decode(StatusReport.self).generation == 1
            }
            #expect(try stack.curl("/v1/models", "-H", "authorization: Bearer canary-of-the-first-start").status == 200)
            let kept = try ProgramRun.run("grep", ["-rl", "canary-of-the-first-start", stack.home])
            #expect(kept.output == "\(stack.home)/run/secrets.json\n", "where `apply` keeps what a caller sent")
            try #require(try stack.anyclaude("down").status == 0)
            #expect(supervisor.exchange([], until: .now + .seconds(60)) == 0)
            #expect(try ProgramRun.run("grep", ["-rl", "canary-of-the-first-start", stack.home]).output.isEmpty)
        }

        /// A service manager must see that there is nothing, and try again; alive and empty it would look like a success.
        @Test(arguments: [("command: [/bin/sh, -c, exit 3]", Int32(4)), ("command: [/nowhere/at/all]", Int32(3))])
        func aFirstStartThatFailsEnds(keys: String, status: Int32) throws {
            let stack = try Stack()
            try stack.write(
                ".anyclauderc.yaml",
                """
                backend: lab
                probation: 100ms
                proxy: { port: @PORT@ }
                backends:
                  lab: { kind: local, engine: command, port: @WORKER@, \(keys), health: { startup: none, readiness: none, liveness: none } }

                """)
            let supervisor = try SpawnedProgram("anyclaude", ["supervise"], environment: stack.environment, directory: stack.folder)
            #expect(supervisor.exchange([], until: .now + .seconds(60)) == status)
            #expect(try stack.anyclaude("status").status != 0)
        }

        /// More requests than a socket's buffer has room for leases.
        @Test func theStackServesLongWithoutItsSupervisor() throws {
            let stack = try Stack()
            try stack.write(".anyclauderc.yaml", Stack.quickstart)
            try #require(try stack.anyclaude("apply").status == 0)
            #expect(try stack.ask().status == 200)
            kill(pid_t(try stack.status().pid), SIGKILL)
            for number in 1...300 { try #require(try stack.ask("Hello, number \(number)").status == 200) }
            #expect(try stack.anyclaude("apply").status == 0)
            #expect(try stack.ask("Hello again").status == 200)
        }

        @Test func aRequestOutlivesItsWorker() throws {
            let stack = try Stack()
            try stack.write(".anyclauderc.yaml", Stack.quickstart)
            try #require(try stack.anyclaude("apply").status == 0)
            #expect(try stack.ask().status == 200)
            // A long prompt, so that the worker is killed while it reads it.
            let text = (1...300).map { "Line \($0) of the notes." }.joined(separator: " ")
            let body: JSON = [
                "model": "claude-local", "max_tokens": 20, "temperature": 0, "messages": [["role": "user", "content": .string(text)]],
            ]
            let pid = try #require(try stack.service("vllm-mlx").pid)
            let metrics = ["-sS", "-m", "10", "http://127.0.0.1:\(stack.workerPort)/metrics"]
            let killer = Thread {
                for _ in 0..<500 {
                    let text = (try? ProgramRun.run("curl", metrics))?.output ?? ""
                    if text.contains("anyclaude_runtime_active_requests 1\n") { break }
                }
                kill(pid_t(pid), SIGKILL)
            }
            killer.start()
            let answer = try stack.curl("/v1/messages", body: body.text)
            #expect(answer.status == 200, "\(answer.body)")
            try stack.wait(for: "the worker's successor") { try stack.service("vllm-mlx").pid != pid }
        }

        @Test func overlapServiceNeverStopsServingWhileABadPlanFails() throws {
            let stack = try Stack()
            try stack.write(".anyclauderc.yaml", Stack.quickstart)
            try #require(try stack.anyclaude("apply").status == 0)
            let pid = try #require(try stack.service("vllm-mlx").pid)
            try stack.write(".anyclauderc.yaml", Stack.quickstart.replacing("http: /health, timeout: 60s", with: "http: /is-it-up, timeout: 2s"))
            let apply = try stack.anyclaude("apply")
            #expect(apply.status == 4, "\(apply.output)\(apply.errors)")
            #expect(try stack.service("vllm-mlx").pid == pid, "the good worker was touched")
            #expect(try stack.ask().status == 200)
            #expect(try stack.anyclaude("history").output.contains("rolled-back"))
        }

        @Test func stopFirstServiceIsRestoredAndItsGapReported() throws {
            let stack = try Stack()
            let good = Stack.quickstart.replacing("replace: overlap", with: "replace: stop-first")
            try stack.write(".anyclauderc.yaml", good)
            try #require(try stack.anyclaude("apply").status == 0)
            try stack.write(".anyclauderc.yaml", good.replacing("http: /health, timeout: 60s", with: "http: /is-it-up, timeout: 2s"))
            let apply = try stack.anyclaude("apply", "--json")
            #expect(apply.status == 4, "\(apply.output)\(apply.errors)")
            #expect(apply.output.contains("gaps_ms"))
            #expect(try stack.service("vllm-mlx").state == .ready)
            #expect(try stack.ask().status == 200)
        }

        @Test func aNewPlanTouchesOnlyWhatChanged() throws {
            let stack = try Stack()
            try stack.write(".anyclauderc.yaml", Stack.quickstart)
            try #require(try stack.anyclaude("apply").status == 0)
            let before = try stack.status()
            try stack.write(".anyclauderc.yaml", Stack.quickstart + "\nroutes:\n  - { match: { model: \"*haiku*\" }, to: vllm-mlx }\n")
            let apply = try stack.anyclaude("apply")
            #expect(apply.status == 0, "\(apply.output)\(apply.errors)")
            let after = try stack.status()
            #expect(after.generation == 2)
            #expect(after.services.first { $0.name == "vllm-mlx" }?.pid == before.services.first { $0.name == "vllm-mlx" }?.pid)
            #expect(after.services.first { $0.name == "proxy" }?.pid != before.services.first { $0.name == "proxy" }?.pid)
            // And back, by command.
            let rollback = try stack.anyclaude("rollback")
            #expect(rollback.status == 0, "\(rollback.output)\(rollback.errors)")
            #expect(try stack.status().planId == before.planId)
            #expect(try stack.ask().status == 200)
        }

        @Test func runStopsWhatItStarted() throws {
            let stack = try Stack()
            try stack.write(".anyclauderc.yaml", Stack.quickstart)
            let run = try stack.anyclaude(
                "run", "--", "sh", "-c", "curl -sS -m 30 $ANTHROPIC_BASE_URL/health && echo && env | grep ANTHROPIC; exit 7")
            #expect(run.status == 7, "\(run.output)\(run.errors)")
            #expect(run.output.contains("ANTHROPIC_BASE_URL=\(stack.baseURL)"))
            try stack.wait(for: "the listener to be gone") {
                try ProgramRun.run("curl", ["-sS", "-m", "5", "\(stack.baseURL)/health"]).status == 7
            }
        }
    }
}
