import Control
import Foundation
import Testing

extension IntegrationTests {
    /// A secret that changed replaces what uses it, and what fails with the new one goes on with the old one.
    @Suite struct SecretChangeTests {
        /// A worker that runs with one secret only; the proxy has none.
        private static let picky = """
            backend: lab
            probation: 300ms
            proxy: { port: @PORT@ }
            backends:
              lab:
                kind: local
                engine: command
                port: @WORKER@
                command: [/bin/sh, -c, "case $LAB_KEY in good*) exec sleep 1000;; esac; exit 3"]
                environment: { LAB_KEY: { env: LAB_KEY } }
                health: { startup: none, readiness: none, liveness: none }
                restart: { initial: 50ms, max: 100ms, intensity: { failures: 3, within: 1m } }

            """

        private func apply(_ stack: Stack, key: String) throws -> ProgramRun {
            stack.environment["LAB_KEY"] = key
            return try stack.anyclaude("apply")
        }

        /// What the worker's process has.
        private func key(_ stack: Stack) throws -> String {
            let pid = try #require(try stack.service("lab").pid)
            let environment = try String(decoding: Data(contentsOf: URL(fileURLWithPath: "/proc/\(pid)/environ")), as: UTF8.self)
            return String(environment.split(separator: "\0").first { $0.hasPrefix("LAB_KEY=") }?.dropFirst(8) ?? "")
        }

        @Test func aSecretAloneIsRolledBack() throws {
            let stack = try Stack()
            try stack.write(".anyclauderc.yaml", Self.picky)
            #expect(try apply(stack, key: "good-1").status == 0)
            let failed = try apply(stack, key: "bad-2")
            #expect(failed.status == 4, "\(failed.output)\(failed.errors)")
            #expect(try stack.service("lab").state == .ready)
            #expect(try key(stack) == "good-1")
            // Nor does a later supervisor know the refused one.
            let before = try stack.status()
            kill(pid_t(before.pid), SIGKILL)
            let pid = try #require(before.services.first { $0.name == "lab" }?.pid)
            kill(pid_t(pid), SIGKILL)
            stack.environment["LAB_KEY"] = nil
            let again = try stack.anyclaude("apply")
            #expect(again.status == 0, "\(again.output)\(again.errors)\n\(stack.supervisorLog)")
            #expect(try key(stack) == "good-1")
            // And another good one is taken.
            #expect(try apply(stack, key: "good-3").status == 0)
            #expect(try key(stack) == "good-3")
        }

        @Test func aNewPlanAndItsSecretAreRolledBackTogether() throws {
            let stack = try Stack()
            try stack.write(".anyclauderc.yaml", Self.picky)
            #expect(try apply(stack, key: "good-1").status == 0)
            try stack.write(".anyclauderc.yaml", Self.picky.replacing("sleep 1000", with: "sleep 1001"))
            #expect(try apply(stack, key: "bad-2").status == 4)
            #expect(try stack.service("lab").state == .ready)
            #expect(try key(stack) == "good-1")
            #expect(try apply(stack, key: "good-2").status == 0)
            #expect(try key(stack) == "good-2")
            // With its plan an earlier generation gets back no secret: there is one value of a name, the last that was good.
            try #require(try stack.anyclaude("rollback").status == 0)
            #expect(try key(stack) == "good-2")
        }

        /// Nobody has to say so: a file that is exchanged replaces what uses it.
        @Test func aSecretFileThatChangesIsNoticed() throws {
            let stack = try Stack()
            try stack.write("key", "good-1", mode: 0o600)
            try stack.write(".anyclauderc.yaml", Self.picky.replacing("{ env: LAB_KEY }", with: "{ file: ./key }"))
            try #require(try stack.anyclaude("apply").status == 0)
            let proxy = try stack.service("proxy").pid
            try stack.write("key", "good-2", mode: 0o600)
            try stack.wait(for: "the worker with the new secret") { try (try? key(stack)) == "good-2" && stack.status().busy == false }
            #expect(try stack.service("proxy").pid == proxy, "it has no part in it")
            #expect(try stack.anyclaude("history").output.contains("a secret's file changed"))
            // Of one that is not there any more nothing is made.
            try FileManager.default.removeItem(atPath: "\(stack.folder)/key")
            try stack.write("another", "x")
            try stack.wait(for: "the supervisor to have looked") { stack.supervisorLog.contains("is not used") }
            #expect(try key(stack) == "good-2")
        }

        /// A file's earlier contents are gone: there is nothing to return to, and the outcome says so.
        @Test func aSecretFileIsNotRolledBack() throws {
            let stack = try Stack()
            try stack.write("key", "good-1", mode: 0o600)
            let check = "startup: { exec: [/bin/sh, -c, \"case $LAB_KEY in good*) ;; *) exit 1;; esac\"], timeout: 2s }"
            let text = Self.picky.replacing("{ env: LAB_KEY }", with: "{ file: ./key }").replacing("startup: none", with: check)
            try stack.write(".anyclauderc.yaml", text)
            let first = try stack.anyclaude("apply")
            #expect(first.status == 0, "\(first.output)\(first.errors)")
            try stack.write("key", "bad-2", mode: 0o600)
            #expect(try stack.anyclaude("apply").status == 5)
            #expect(try stack.service("lab").state != .ready)
            try stack.write("key", "good-3", mode: 0o600)
            let mended = try stack.anyclaude("apply")
            #expect(mended.status == 0, "\(mended.output)\(mended.errors)")
            #expect(try key(stack) == "good-3")
        }
    }
}
