import Foundation
import Testing

extension IntegrationTests {
    /// The unit under a real systemd, booted in private namespaces: notification, crash of the supervisor, stop.
    @Suite struct SystemdTests {
        static let boot: String? = {
            guard let shared = ProcessInfo.processInfo.environment["ANYCLAUDE_SHARED"] else { return nil }
            let script = "\(shared)/tools/systemd/boot-systemd.sh"
            guard let probe = try? ProgramRun.run(script, ["probe"], limit: 30), probe.status == 0 else { return nil }
            return script
        }()

        @Test(.enabled(if: boot != nil, "no systemd can be booted here (ANYCLAUDE_SHARED, root, namespaces)"))
        func serviceUnderSystemd() throws {
            let configuration = Stack.quickstart.replacing("@PORT@", with: "8788").replacing("@WORKER@", with: "8081").replacing(
                "@MODEL@", with: "/opt/anyclaude/models/demo")
            let run = try run(configuration, script: "inside.sh", [])
            #expect(run.status == 0, "\(run.output)\(run.errors)")
        }

        /// `ANYCLAUDE_TEST_DEATHS` of the supervisor, 10 where it does not say; on a machine with other work each may take long.
        @Test(.enabled(if: boot != nil, "no systemd can be booted here (ANYCLAUDE_SHARED, root, namespaces)"))
        func supervisorIsKilledAgainAndAgain() throws {
            let environment = ProcessInfo.processInfo.environment
            let talker = """
                kind: local
                    engine: command
                    command: [/bin/sh, -c, "n=0; while :; do n=$((n+1)); echo line $n; sleep 0.01; done"]
                    health: { startup: none, readiness: none, liveness: none }
                """
            let configuration = """
                backend: talker1
                probation: 0ms
                proxy: { port: 8788 }
                routes: [{ match: { model: two }, to: talker2 }, { match: { model: three }, to: talker3 }]
                backends:
                  talker1:
                    \(talker)
                    port: 8081
                  talker2:
                    \(talker)
                    port: 8082
                  talker3:
                    \(talker)
                    port: 8083

                """
            let deaths = environment["ANYCLAUDE_TEST_DEATHS"]
            let run = try run(configuration, script: "deaths.sh", [deaths ?? "10", deaths == nil ? "10000" : "1000"])
            #expect(run.status == 0, "\(run.output)\(run.errors)")
            if deaths != nil { print(run.output) }
        }

        /// Runs a script of `Systemd/` in a booted systemd with the unit, the programs, the demo model and this configuration.
        private func run(_ configuration: String, script: String, _ arguments: [String]) throws -> ProgramRun {
            let stack = try Stack()
            let root = TestEnvironment.root
            try stack.write(
                "units/anyclaude.service",
                try String(contentsOfFile: "\(root)/units/anyclaude.service", encoding: .utf8)
                    .replacing("/usr/local/bin/", with: "/opt/anyclaude/bin/"))
            try stack.write("config/.anyclauderc.yaml", configuration)
            let text = try String(contentsOfFile: "\(root)/Tests/IntegrationTests/Systemd/\(script)", encoding: .utf8)
            try stack.write("script.sh", text, mode: 0o755)
            var environment = ProcessInfo.processInfo.environment
            environment["ACSD_STATE"] = "\(stack.folder)/sd"
            environment["ACSD_UNITS"] = "\(stack.folder)/units"
            environment["ACSD_BIND"] = [
                "\(try #require(TestEnvironment.programs)):/opt/anyclaude/bin:ro", "\(root)/examples/models:/opt/anyclaude/models:ro",
                "\(stack.folder)/config:/opt/anyclaude/config:ro", "\(stack.folder)/script.sh:/opt/anyclaude/script.sh:ro",
            ].joined(separator: " ")
            return try ProgramRun.run(try #require(Self.boot), ["run", "/opt/anyclaude/script.sh"] + arguments, environment: environment, limit: 400)
        }

        @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/systemd-analyze"), "no systemd-analyze"))
        func unitVerifiesWithEmptyOutput() throws {
            let stack = try Stack()
            try stack.write(
                "anyclaude.service",
                try String(contentsOfFile: "\(TestEnvironment.root)/units/anyclaude.service", encoding: .utf8)
                    .replacing("/usr/local/bin/", with: "\(TestEnvironment.programs ?? "")/"))
            let run = try ProgramRun.run("systemd-analyze", ["verify", "--man=no", "--recursive-errors=yes", "\(stack.folder)/anyclaude.service"])
            #expect(run.status == 0)
            #expect(run.output + run.errors == "", "systemd-analyze verify must print nothing")
        }
    }
}
