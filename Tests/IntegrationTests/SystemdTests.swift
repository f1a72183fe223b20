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
            let stack = try Stack()
            let root = TestEnvironment.root
            try stack.write(
                "units/anyclaude.service",
                try String(contentsOfFile: "\(root)/units/anyclaude.service", encoding: .utf8)
                    .replacing("/usr/local/bin/", with: "/opt/anyclaude/bin/"))
            try stack.write(
                "config/.anyclauderc.yaml",
                Stack.quickstart.replacing("@PORT@", with: "8788").replacing("@WORKER@", with: "8081").replacing(
                    "@MODEL@", with: "/opt/anyclaude/models/demo"))
            try stack.write("inside.sh", try String(contentsOfFile: "\(root)/Tests/IntegrationTests/Systemd/inside.sh", encoding: .utf8), mode: 0o755)
            var environment = ProcessInfo.processInfo.environment
            environment["ACSD_STATE"] = "\(stack.folder)/sd"
            environment["ACSD_UNITS"] = "\(stack.folder)/units"
            environment["ACSD_BIND"] = [
                "\(try #require(TestEnvironment.programs)):/opt/anyclaude/bin:ro", "\(root)/examples/models:/opt/anyclaude/models:ro",
                "\(stack.folder)/config:/opt/anyclaude/config:ro", "\(stack.folder)/inside.sh:/opt/anyclaude/inside.sh:ro",
            ].joined(separator: " ")
            let run = try ProgramRun.run(try #require(Self.boot), ["run", "/opt/anyclaude/inside.sh"], environment: environment, limit: 240)
            #expect(run.status == 0, "\(run.output)\(run.errors)")
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
