import Foundation
import Testing

extension IntegrationTests {
    /// A supervisor whose control group was delegated to it, as systemd does: what a service starts cannot leave it.
    @Suite struct ControlGroupTests {
        /// Where groups can be made here; they need no systemd.
        static let tree: String? = {
            let mounts = (try? String(contentsOfFile: "/proc/self/mounts", encoding: .utf8)) ?? ""
            let fields = mounts.split(separator: "\n").map { line in line.split(separator: " ").map(String.init) }
            let place = fields.first { $0.count > 2 && $0[2] == "cgroup2" }?[1]
            guard let place, geteuid() == 0, access("\(place)/cgroup.procs", W_OK) == 0 else { return nil }
            let trial = "\(place)/anyclaude-trial-\(getpid())"
            guard mkdir(trial, 0o755) == 0 else { return nil }
            defer { rmdir(trial) }
            return access("\(trial)/cgroup.kill", F_OK) == 0 ? place : nil
        }()

        /// Leaves its session, its parent and its environment, and says who it is.
        private static let leaver = """
            backend: lab
            probation: 10ms
            proxy: { port: @PORT@ }
            backends:
              lab:
                kind: local
                engine: command
                port: @WORKER@
                command: [/bin/sh, -c, "(env -i setsid /bin/sh -c 'echo $$ > leaver.pid; exec sleep 100000' &); exec sleep 100000"]
                health: { startup: none, readiness: none, liveness: none }
                stop: { timeout: 2s }

            """

        @Test(.enabled(if: tree != nil, "control groups cannot be made here"))
        func whatLeavesAServiceInEveryOtherWayGoesWithIt() throws {
            let stack = try Stack()
            let group = "\(try #require(Self.tree))/\(UUID().uuidString)"
            try #require(mkdir(group, 0o755) == 0)
            defer { rmdir(group) }
            try #require(try ProgramRun.run("python3", ["-c", "import os, sys; os.setxattr(sys.argv[1], 'user.delegate', b'1')", group]).status == 0)
            try stack.write(".anyclauderc.yaml", Self.leaver)
            let inside = ["-c", "echo $$ > \(group)/cgroup.procs && exec anyclaude apply"]
            let apply = try ProgramRun.run("sh", inside, environment: stack.environment, directory: stack.folder)
            try #require(apply.status == 0, "\(apply.output)\(apply.errors)\n\(stack.supervisorLog)")
            #expect(try Self.group(of: stack.status().pid) == group.suffix(37))
            let first = try #require(try stack.service("lab").pid)
            #expect(try Self.group(of: first) == group.suffix(37) + "/default.lab.1")
            #expect(try Self.group(of: #require(try stack.service("proxy").pid)) == group.suffix(37) + "/default.proxy.1")

            // A restart ends what left, and the next process has a group again.
            let leaver = try Self.leaver(of: stack, not: nil)
            try #require(try stack.anyclaude("restart", "lab").status == 0)
            #expect(kill(leaver, 0) != 0, "what left its service outlived it")
            let second = try #require(try stack.service("lab").pid)
            #expect(second != first)
            #expect(try Self.group(of: second).hasPrefix(group.suffix(37) + "/default.lab."))

            // The next supervisor finds it too.
            let orphan = try Self.leaver(of: stack, not: leaver)
            kill(pid_t(try stack.status().pid), SIGKILL)
            let again = try ProgramRun.run("sh", inside, environment: stack.environment, directory: stack.folder)
            try #require(again.status == 0, "\(again.output)\(again.errors)\n\(stack.supervisorLog)")
            #expect(try stack.service("lab").pid == second)
            kill(pid_t(second), SIGKILL)
            try stack.wait(for: "the leaver's end") { kill(orphan, 0) != 0 }
            try stack.wait(for: "the next lab") { try stack.service("lab").state == .ready }
            let last = try Self.leaver(of: stack, not: orphan)
            try #require(try stack.anyclaude("down").status == 0)
            #expect(kill(last, 0) != 0)
            try stack.wait(for: "an empty group") { rmdir(group) == 0 || errno == ENOENT }
        }

        private static func group(of pid: Int) throws -> String {
            let lines = try String(contentsOfFile: "/proc/\(pid)/cgroup", encoding: .utf8).split(separator: "\n")
            return String(try #require(lines.first { $0.hasPrefix("0::") }).dropFirst(3))
        }

        private static func leaver(of stack: Stack, not earlier: pid_t?) throws -> pid_t {
            var pid: pid_t?
            try stack.wait(for: "the process that leaves") {
                let text = try? String(contentsOfFile: "\(stack.folder)/leaver.pid", encoding: .utf8)
                pid = pid_t((text ?? "").trimmingCharacters(in: .whitespacesAndNewlines))
                return pid != nil && pid != earlier
            }
            return try #require(pid)
        }
    }
}
