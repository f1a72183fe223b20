import Control
import Foundation
import JSON
import Testing

extension IntegrationTests {
    /// Secrets of a stack that runs: they are in nothing that is kept or printed, and in no argument or variable of our own services.
    @Suite struct RunningCanaryTests {
        private static let configuration = """
            backend: vllm-mlx
            probation: 200ms
            proxy: { port: @PORT@, authToken: { file: ./token } }
            backends:
              vllm-mlx:
                engine: native
                port: @WORKER@
                model: @MODEL@
                contextWindow: 8192
                replace: overlap
                health: { startup: { http: /health, timeout: 60s } }
              openrouter: { baseUrl: http://127.0.0.1:9/v1, apiKey: { env: CANARY_KEY } }
            routes: [{ match: { model: "far*" }, to: openrouter }]
            """

        private func files(below folder: String) -> [(name: String, text: String)] {
            let names = (try? FileManager.default.subpathsOfDirectory(atPath: folder)) ?? []
            return names.sorted().compactMap { name in
                guard let data = FileManager.default.contents(atPath: "\(folder)/\(name)") else { return nil }
                return (name, String(decoding: data, as: UTF8.self))
            }
        }

        /// Where values that an apply sent are kept for restarts: the runtime directory, for the user alone. Nothing else may have them.
        private static let kept = "secrets.json"

        private func expectNowhere(_ secrets: [String], of stack: Stack, at location: SourceLocation = #_sourceLocation) throws {
            func leaks(_ text: String) -> [String] {
                secrets.flatMap { [$0, Data($0.utf8).base64EncodedString()] }.filter { text.contains($0) }
            }
            let commands: [[String]] = [
                ["status"], ["status", "--json"], ["history"], ["history", "--json"], ["logs"], ["plan"], ["plan", "--json"], ["check-setup"],
                ["validate"],
            ]
            for command in commands {
                let run = try ProgramRun.run(
                    "anyclaude", command, environment: stack.environment.merging(["ANYCLAUDE_DEBUG": "3"]) { $1 }, directory: stack.folder)
                #expect(leaks(run.output + run.errors) == [], "\(command)", sourceLocation: location)
            }
            for file in files(below: stack.home) where !file.name.hasSuffix(Self.kept) {
                #expect(leaks(file.text) == [], "\(file.name)", sourceLocation: location)
            }
            for file in files(below: stack.home) where file.name.hasSuffix(Self.kept) {
                let mode = try FileManager.default.attributesOfItem(atPath: "\(stack.home)/\(file.name)")[.posixPermissions] as? Int
                #expect(mode == 0o600, "\(file.name)", sourceLocation: location)
            }
            let status = try stack.status()
            for service in status.services {
                let pid = try #require(service.pid, "\(service.name)")
                for part in ["cmdline", "environ"] {
                    let text = String(decoding: FileManager.default.contents(atPath: "/proc/\(pid)/\(part)") ?? Data(), as: UTF8.self)
                    #expect(leaks(text) == [], "\(part) of \(service.name)", sourceLocation: location)
                }
            }
            #expect(try leaks(stack.curl("/metrics").body) == [], sourceLocation: location)
            #expect(try leaks(stack.curl("/health").body) == [], sourceLocation: location)
        }

        @Test func secretsOfARunningStackAreNowhere() throws {
            let stack = try Stack()
            let (key, token, other) = ("sk-or-v1-canary7f3a91c2b5d8e0f4", "Canary9xQ4zW7pL2mN8vB5", "Canary8kR3yT6wH1jD5sF0")
            stack.environment["CANARY_KEY"] = key
            try stack.write("token", token, mode: 0o600)
            try stack.write(".anyclauderc.yaml", Self.configuration)
            let apply = try stack.anyclaude("apply")
            try #require(apply.status == 0, "\(apply.output)\(apply.errors)")
            #expect(!(apply.output + apply.errors).contains(token) && !(apply.output + apply.errors).contains(key))

            func ask(_ model: String, _ token: String) throws -> (status: Int, body: String) {
                let body: JSON = ["model": .string(model), "max_tokens": 8, "messages": [["role": "user", "content": "Hello"]]]
                return try stack.curl("/v1/messages", "-H", "x-api-key: \(token)", body: body.text)
            }
            #expect(try ask("claude-local", token).status == 200)
            // A wrong token is a secret of somebody's, too.
            let refused = try ask("claude-local", other)
            #expect(refused.status == 401 && !refused.body.contains(other) && !refused.body.contains(token))
            // Nobody answers there: the error must not tell what was sent.
            let failed = try ask("far-away", token)
            #expect(failed.status >= 400 && !failed.body.contains(key) && !failed.body.contains(token))
            try expectNowhere([key, token, other], of: stack)

            // Another secret under the same name, and a crash, whose last lines of output are kept.
            try stack.write("token", other, mode: 0o600)
            let again = try stack.anyclaude("apply")
            #expect(again.status == 0, "\(again.output)\(again.errors)")
            try stack.wait(for: "the proxy with the new token") { try ask("claude-local", other).status == 200 }
            #expect(try ask("claude-local", token).status == 401)
            let pid = try #require(try stack.service("proxy").pid)
            // The runtime's handler writes a backtrace at the first one and lets the process go on, since no instruction of its own failed.
            try stack.wait(for: "the proxy's successor") {
                kill(pid_t(pid), SIGABRT)
                let service = try stack.service("proxy")
                return service.state == .ready && service.pid != pid
            }
            #expect(try ask("claude-local", other).status == 200)
            try expectNowhere([key, token, other], of: stack)

            #expect(try stack.anyclaude("down").status == 0)
            for file in files(below: stack.home) {
                #expect(![key, token, other].contains { file.text.contains($0) }, "\(file.name) after `down`")
            }
        }
    }
}
