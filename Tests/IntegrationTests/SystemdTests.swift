import Foundation
import Testing

extension IntegrationTests {
    /// The units under a real systemd, booted in private namespaces.
    @Suite struct SystemdTests {
        /// Why no systemd can be booted here; nil where one can.
        static let obstacle: Comment? = {
            guard TestEnvironment.hasPrograms else { return Comment(rawValue: TestEnvironment.needsPrograms) }
            guard let probe = try? ProgramRun.run(Machine.boot, ["probe"], limit: 30) else { return "boot.sh probe did not run" }
            return probe.status == 0 ? nil : Comment(rawValue: probe.errors.trimmingCharacters(in: .whitespacesAndNewlines))
        }()

        @Test(.enabled(if: obstacle == nil, obstacle))
        func serviceUnderSystemd() throws {
            let stack = try Stack()
            try installUnits(below: "\(stack.folder)/tree", prefix: Machine.prefix)
            try Machine.run("inside.sh", trees: ["\(stack.folder)/tree"])
        }

        /// `ANYCLAUDE_TEST_DEATHS` of the supervisor, 10 where it does not say; on a machine with other work each may take long.
        @Test(.enabled(if: obstacle == nil, obstacle))
        func supervisorIsKilledAgainAndAgain() throws {
            let talker = """
                kind: local
                    engine: command
                    command: [/bin/sh, -c, "n=0; while :; do n=$((n+1)); echo line $n; sleep 0.01; done"]
                    health: { startup: none, readiness: none, liveness: none }
                """
            let stack = try Stack()
            try stack.write(
                "config/.anyclauderc.yaml",
                """
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

                """)
            try installUnits(below: "\(stack.folder)/tree", prefix: Machine.prefix)
            let deaths = ProcessInfo.processInfo.environment["ANYCLAUDE_TEST_DEATHS"]
            let output = try Machine.run(
                "deaths.sh", [deaths ?? "10", deaths == nil ? "10000" : "1000"], trees: ["\(stack.folder)/tree"],
                binds: ["\(stack.folder)/config:/opt/anyclaude/config"])
            if deaths != nil { print(output) }
        }

        @Test(.enabled(if: hasAnalyze, "no systemd-analyze")) func unitsVerifyWithEmptyOutput() throws {
            let stack = try Stack()
            try installUnits(below: stack.folder, prefix: "\(stack.folder)/there")
            let bin = "\(stack.folder)/there/bin"
            try FileManager.default.createDirectory(atPath: bin, withIntermediateDirectories: true)
            for name in ["anyclaude", "anyclaude-supervisor"] {
                try FileManager.default.createSymbolicLink(atPath: "\(bin)/\(name)", withDestinationPath: "/bin/true")
            }
            for manager in ["system", "user"] {
                let folder = "\(stack.folder)/usr/lib/systemd/\(manager)"
                let units = try FileManager.default.contentsOfDirectory(atPath: folder).sorted().map { "\(folder)/\($0)" }
                #expect(units.map { ($0 as NSString).lastPathComponent } == ["anyclaude.service", "anyclaude.socket"])
                var environment = stack.environment
                environment["SYSTEMD_UNIT_PATH"] = "\(folder):"
                environment["XDG_RUNTIME_DIR"] = stack.folder
                let verify = try ProgramRun.run(
                    "systemd-analyze", ["--\(manager)", "verify", "--recursive-errors=yes"] + units, environment: environment)
                #expect(verify.status == 0)
                #expect(verify.output + verify.errors == "", "systemd-analyze verify must print nothing")
            }
        }

        /// The threshold is ten times the score.
        @Test(.enabled(if: hasAnalyze, "no systemd-analyze")) func serviceIsExposedLittle() throws {
            let run = try ProgramRun.run(
                "systemd-analyze",
                ["security", "--offline=true", "--no-pager", "--threshold=20", "\(TestEnvironment.root)/units/anyclaude.service"])
            #expect(run.status == 0, "\(run.output.suffix(400))\(run.errors)")
        }

        /// An unknown `Type=` is no error to an older systemd: it runs the service without waiting for it.
        @Test func theUnitsThemselvesAreForOlderVersions() throws {
            for path in ["anyclaude.service", "user/anyclaude.service"] {
                let unit = try String(contentsOfFile: "\(TestEnvironment.root)/units/\(path)", encoding: .utf8)
                #expect(unit.contains("\nType=notify\n"))
                #expect(unit.contains("\nNonBlocking=yes\n"))
            }
        }

        private static let hasAnalyze = FileManager.default.isExecutableFile(atPath: "/usr/bin/systemd-analyze")

        private func installUnits(below folder: String, prefix: String) throws {
            let install = try ProgramRun.run("scripts/install-units.sh", [folder, prefix, "/usr/lib/systemd"], directory: TestEnvironment.root)
            try #require(install.status == 0, "\(install.errors)")
        }
    }

    /// A machine that systemd boots for one script of `Systemd`, with the programs and the demo model in `prefix`.
    enum Machine {
        static let scripts = "\(TestEnvironment.root)/Tests/IntegrationTests/Systemd"
        static let boot = "\(scripts)/boot.sh"
        static let prefix = "/opt/anyclaude"

        /// - Returns: what the script printed.
        @discardableResult
        static func run(
            _ script: String, _ words: [String] = [], trees: [String] = [], binds: [String] = [], at location: SourceLocation = #_sourceLocation
        ) throws -> String {
            let programs = try #require(TestEnvironment.programs)
            let given = ["\(programs):\(prefix)/bin", "\(TestEnvironment.root)/examples/models:\(prefix)/models"]
            let options = trees.flatMap { ["--tree", $0] } + (given + binds).flatMap { ["--bind", $0] }
            let run = try ProgramRun.run(boot, ["run", "--limit", "240"] + options + ["\(scripts)/\(script)"] + words, limit: 300)
            #expect(run.status == 0, "\(run.output)\(run.errors)", sourceLocation: location)
            return run.output
        }
    }
}
