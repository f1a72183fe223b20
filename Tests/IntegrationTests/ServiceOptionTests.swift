import Control
import Foundation
import JSON
import Testing

extension IntegrationTests {
    /// Keys that change how a service is started or reached.
    @Suite struct ServiceOptionTests {
        @Test func clientsReachTheProxyThroughTLS() throws {
            let stack = try Stack()
            let made = try ProgramRun.run(
                "openssl",
                [
                    "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1", "-subj", "/CN=box.localhost",
                    "-addext", "subjectAltName=DNS:box.localhost", "-keyout", "\(stack.folder)/key.pem", "-out", "\(stack.folder)/chain.pem",
                ])
            try #require(made.status == 0, "\(made.errors)")
            try stack.write(
                ".anyclauderc.yaml",
                """
                backend: claude
                probation: 200ms
                proxy:
                  port: @PORT@
                  tls: { certificate: ./chain.pem, key: { file: ./key.pem }, serverName: box.localhost }
                """)
            let apply = try stack.anyclaude("apply")
            #expect(apply.status == 0, "\(apply.output)\(apply.errors)")
            let url = "https://box.localhost:\(stack.port)"
            #expect(try stack.anyclaude("env").output.contains("ANTHROPIC_BASE_URL='\(url)'"))
            let connect = ["-sS", "-m", "30", "--connect-to", "box.localhost:\(stack.port):127.0.0.1:\(stack.port)"]
            let health = try ProgramRun.run("curl", connect + ["--cacert", "\(stack.folder)/chain.pem", "\(url)/health"])
            #expect(health.output == "{\"status\":\"ok\"}", "\(health.errors)")
            // Neither a client that does not trust the certificate nor one that speaks plain HTTP gets an answer.
            #expect(try ProgramRun.run("curl", connect + ["\(url)/health"]).status == 60)
            #expect(try ProgramRun.run("curl", ["-sS", "-m", "30", "http://127.0.0.1:\(stack.port)/health"]).output.isEmpty)
            #expect(try stack.service("proxy").state == .ready)

            // A key that does not fit is an apply that is undone, and the key is nowhere in what is said.
            let key = try String(contentsOfFile: "\(stack.folder)/key.pem", encoding: .utf8)
            try stack.write("other.pem", "-----BEGIN PRIVATE KEY-----\nbm90IGEga2V5\n-----END PRIVATE KEY-----\n")
            let text = try String(contentsOfFile: "\(stack.folder)/.anyclauderc.yaml", encoding: .utf8)
            try stack.write(".anyclauderc.yaml", text.replacing("./key.pem", with: "./other.pem"))
            let wrong = try stack.anyclaude("apply")
            #expect(wrong.status == 4, "\(wrong.output)\(wrong.errors)")
            #expect(wrong.errors.contains("private key"))
            #expect(!wrong.errors.contains("bm90IGEga2V5") && !wrong.errors.contains(key.split(separator: "\n")[1]))
            #expect(try ProgramRun.run("curl", connect + ["--cacert", "\(stack.folder)/chain.pem", "\(url)/health"]).status == 0)
        }

        @Test func aServiceRunsOnTheProcessorsThatItMay() throws {
            let stack = try Stack()
            func write(_ cpus: String) throws {
                try stack.write(".anyclauderc.yaml", "backend: claude\nprobation: 200ms\nproxy: { port: @PORT@, resources: { cpus: \(cpus) } }\n")
            }
            try write("0")
            let apply = try stack.anyclaude("apply")
            #expect(apply.status == 0, "\(apply.output)\(apply.errors)")
            let pid = try #require(try stack.service("proxy").pid)
            let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
            #expect(status.contains("Cpus_allowed_list:\t0\n"))
            try write("\"0,8000-8001\"")
            let refused = try stack.anyclaude("apply")
            #expect(refused.status == 3)
            #expect(refused.errors.contains("8000, 8001"), "\(refused.errors)")
        }

        @Test func aWorkerStartsWhenThoseBeforeItAreReady() throws {
            let stack = try Stack()
            let third = try Stack.freePort()
            // Each leaves a mark before it listens; without the marks of those that it waits for a worker ends at once.
            let script = try stack.write(
                "serve.sh",
                """
                #!/bin/sh
                port=$1 mark=$2; shift 2
                for other; do [ -e "$other" ] || exit 9; done
                touch "$mark"
                exec python3 -m http.server --bind 127.0.0.1 "$port"
                """, mode: 0o755)
            func worker(_ name: String, _ port: Int, after: [String]) -> String {
                """
                  \(name):
                    kind: vllm-mlx
                    command: [\(script), "\(port)", \((["\(name)"] + after).map { "\(stack.folder)/mark-\($0)" }.joined(separator: ", "))]
                    port: \(port)
                    dependsOn: [\(after.joined(separator: ", "))]
                """
            }
            try stack.write(
                ".anyclauderc.yaml",
                """
                backend: last
                probation: 200ms
                proxy: { port: @PORT@ }
                backends:
                \(worker("last", stack.workerPort, after: ["middle", "first"]))
                \(worker("middle", try Stack.freePort(), after: ["first"]))
                \(worker("first", third, after: []))
                """)
            let apply = try stack.anyclaude("apply")
            #expect(apply.status == 0, "\(apply.output)\(apply.errors)")
            for name in ["first", "middle", "last"] { #expect(try stack.service(name).restarts == 0, "\(name)") }
        }
    }
}
