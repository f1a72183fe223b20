import Foundation
import JSON
import Testing

extension IntegrationTests {
    /// What `emit systemd` writes, read by systemd itself.
    @Suite struct EmitTests {
        private static let hasAnalyze = FileManager.default.isExecutableFile(atPath: "/usr/bin/systemd-analyze")
        private static let configurations = "\(TestEnvironment.root)/Tests/Fixtures/config/valid"

        /// A stack in whose folder is every program that the fixtures name, so that systemd finds them.
        private func stack(_ fixture: String) throws -> Stack {
            let stack = try Stack()
            let text = try String(contentsOfFile: "\(Self.configurations)/\(fixture)", encoding: .utf8)
            try stack.write(fixture, text.replacing("/opt/mlx", with: "\(stack.folder)/venv"))
            for name in [
                "serve", "tools/serve", "tools/ready", "scripts/start it.sh", "scripts/mlx-textgen-server.sh", "scripts/vllm-mlx-server.py",
                "stubs/llama-server", "stubs/vllm", "stubs/mlx_textgen", "stubs/mlx_lm.server", "stubs/python3",
                "venv/bin/mlx_textgen",
            ] { try stack.write(name, "#!/bin/sh\n", mode: 0o755) }
            stack.environment["PATH"] = "\(stack.environment["PATH"] ?? ""):\(stack.folder)/stubs"
            return stack
        }

        private func files(_ folder: String) throws -> [String] {
            try FileManager.default.subpathsOfDirectory(atPath: folder).filter {
                var isFolder: ObjCBool = false
                return FileManager.default.fileExists(atPath: "\(folder)/\($0)", isDirectory: &isFolder) && !isFolder.boolValue
            }.sorted()
        }

        @Test(
            .enabled(if: hasAnalyze, "no systemd-analyze (apt-get install systemd)"),
            arguments: ["full.yaml", "foreign.yaml", "migration-after.yaml", "migration-before.json", "head.json", "november.json"])
        func unitsVerifyWithEmptyOutput(fixture: String) throws {
            for manager in ["system", "user"] {
                let stack = try stack(fixture)
                var arguments = ["emit", "systemd", "-f", fixture, "--out", "out"]
                if manager == "user" { arguments.append("--user") }
                let run = try ProgramRun.run("anyclaude", arguments, environment: stack.environment, directory: stack.folder)
                try #require(run.status == 0, "\(run.errors)")
                let units = try files("\(stack.folder)/out").filter { $0.contains("/systemd/") }.map { "\(stack.folder)/out/\($0)" }
                #expect(units.contains { $0.hasSuffix(".target") } && units.contains { $0.hasSuffix(".socket") })
                var environment = stack.environment
                environment["SYSTEMD_UNIT_PATH"] = "\((try #require(units.first) as NSString).deletingLastPathComponent):"
                environment["XDG_RUNTIME_DIR"] = stack.folder
                let verify = try ProgramRun.run(
                    "systemd-analyze", ["--\(manager)", "verify", "--man=no", "--recursive-errors=yes"] + units, environment: environment)
                #expect(verify.status == 0)
                #expect(verify.output + verify.errors == "", "systemd-analyze verify must print nothing")
            }
        }

        @Test(.enabled(if: SystemdTests.obstacle == nil, SystemdTests.obstacle))
        func unitsRunUnderSystemd() throws {
            let stack = try Stack()
            try stack.write("config/.anyclauderc.yaml", Self.nasty)
            try stack.write("config/serve.py", Self.server, mode: 0o755)
            try stack.write("config/expected", Self.expected)
            try Machine.run("emitted.sh", binds: ["\(stack.folder)/config:/opt/anyclaude/config"])
        }

        @Test(.enabled(if: SystemdTests.obstacle == nil, SystemdTests.obstacle))
        func ourOwnServicesRunUnderSystemd() throws {
            let stack = try Stack()
            let text = Stack.quickstart.replacing("proxy: { port: @PORT@ }", with: "proxy: { port: 8788, authToken: { env: TOKEN } }")
            try stack.write(
                "config/.anyclauderc.yaml", text.replacing("@WORKER@", with: "8081").replacing("@MODEL@", with: "/opt/anyclaude/models/demo"))
            try Machine.run("emitted-own.sh", binds: ["\(stack.folder)/config:/opt/anyclaude/config"])
        }

        private static let nasty = #"""
            backend: worker
            instance: emitted
            backends:
              worker:
                kind: vllm-mlx
                engine: command
                port: 9301
                command: [./serve.py, "a b", "$HOME", "50%", "it's \"q\"", "\\", ";", "é", "", "tab\there", "line\nbreak", "X}y$$", "%h"]
                environment: { KEY: { env: KEY }, FILE: { file: ./key }, NOTE: "x %h $HOME \"q\" 'r' \\ z" }
                health: { startup: { http: /health, timeout: 30s } }
              dies: { kind: vllm-mlx, engine: command, port: 9302, command: [/bin/false] }
            routes: [{ match: { model: "d*" }, to: dies }]

            """#
        private static let server = #"""
            #!/usr/bin/python3
            import http.server, os, sys
            with open(os.environ["HOME"] + "/seen", "w") as seen:
                for text in sys.argv[1:] + [os.environ[name] for name in ("KEY", "FILE", "NOTE")] + [os.getcwd()]:
                    print(repr(text), file=seen)
            class Handler(http.server.BaseHTTPRequestHandler):
                def do_GET(self):
                    self.send_response(200)
                    self.end_headers()
                    self.wfile.write(b"ok")
            http.server.HTTPServer(("127.0.0.1", 9301), Handler).serve_forever()

            """#
        private static let expected = #"""
            'a b'
            '$HOME'
            '50%'
            'it\'s "q"'
            '\\'
            ';'
            'é'
            ''
            'tab\there'
            'line\nbreak'
            'X}y$$'
            '%h'
            'from-variable'
            'from-file'
            'x %h $HOME "q" \'r\' \\ z'
            '/srv/emitted'

            """#

        @Test func onlyWhatChangedIsWrittenAndNothingOfOthers() throws {
            let stack = try stack("full.yaml")
            func emit(_ options: String...) throws -> ProgramRun {
                try ProgramRun.run(
                    "anyclaude", ["emit", "systemd", "-f", "full.yaml"] + options, environment: stack.environment, directory: stack.folder)
            }
            let first = try emit("--out", "out")
            #expect(first.status == 0 && first.output.split(separator: "\n").count == 11, "\(first.output)\(first.errors)")
            #expect(try emit("--out", "out").output == "")
            #expect(try emit("--out", "out", "--diff").status == 0)

            let unit = "out/etc/systemd/system/anyclaude-lab.lab.service"
            let text = try String(contentsOfFile: "\(stack.folder)/\(unit)", encoding: .utf8)
            let mode = try FileManager.default.attributesOfItem(atPath: "\(stack.folder)/\(unit)")[.posixPermissions] as? Int
            #expect(mode == 0o644)
            try stack.write(unit, text.replacing("RestartSec=1s", with: "RestartSec=9s"))
            let diff = try emit("--out", "out", "--diff")
            #expect(diff.status == 2 && diff.output.contains("-RestartSec=9s") && diff.output.contains("+RestartSec=1s"), "\(diff.output)")
            #expect(try emit("--out", "out").output == "changed  \(stack.folder)/\(unit)\n")

            try stack.write(unit, "[Unit]\nDescription=mine\n")
            let refused = try emit("--out", "out")
            #expect(refused.status == 73 && refused.output == "" && refused.errors.contains(unit), "\(refused.errors)")
            #expect(try String(contentsOfFile: "\(stack.folder)/\(unit)", encoding: .utf8) == "[Unit]\nDescription=mine\n")
            #expect(try emit("--out", "out", "--force").status == 0)
            #expect(try String(contentsOfFile: "\(stack.folder)/\(unit)", encoding: .utf8) == text)

            // A unit of a service that the plan no longer has, and one of another instance.
            let stale = "out/etc/systemd/system/anyclaude-lab.gone.service"
            let other = "out/etc/systemd/system/anyclaude-lab-2.gone.service"
            try stack.write(stale, text)
            try stack.write(other, text.replacing("for the instance lab;", with: "for the instance lab-2;"))
            #expect(try emit("--out", "out").errors.contains(stale))
            #expect(FileManager.default.fileExists(atPath: "\(stack.folder)/\(stale)"))
            #expect(try emit("--out", "out", "--replace").output == "removed  \(stack.folder)/\(stale)\n")
            #expect(FileManager.default.fileExists(atPath: "\(stack.folder)/\(other)"))
        }

        private func emit(_ stack: Stack, _ options: String...) throws -> ProgramRun {
            try ProgramRun.run("anyclaude", ["emit", "systemd"] + options, environment: stack.environment, directory: stack.folder)
        }

        private static func configuration(_ workers: [String]) -> String {
            let backends = workers.map { "  \($0): { kind: vllm-mlx, engine: mlx-textgen, model: /opt/m }" }
            return "backend: \(workers.first ?? "claude")\n" + (backends.isEmpty ? "" : "backends:\n\(backends.joined(separator: "\n"))\n")
        }

        @Test func filesOfAServiceThatIsGoneAreStaleToo() throws {
            let stack = try Stack()
            try stack.write(".anyclauderc.yaml", Self.configuration(["w", "v"]))
            let first = try emit(stack, "--out", "out")
            #expect(first.status == 0, "\(first.errors)")
            let folder = "\(stack.folder)/out/etc/anyclaude/default"
            let file = "\(folder)/w/mlx-textgen.yaml"
            #expect(FileManager.default.fileExists(atPath: file))
            // Neither secrets nor what others put there are emit's, and what a link leads to is not in the tree.
            let marked = try String(contentsOfFile: file, encoding: .utf8)
            try stack.write("out/etc/anyclaude/default/secrets/TOKEN", marked, mode: 0o600)
            try stack.write("out/etc/anyclaude/default/u/mine.yaml", "mine: 1\n")
            try stack.write("out/etc/anyclaude/default/w/deep/er.yaml", marked)
            try stack.write("elsewhere/mlx-textgen.yaml", marked)
            try FileManager.default.createSymbolicLink(atPath: "\(folder)/link", withDestinationPath: "\(stack.folder)/elsewhere")
            try FileManager.default.createSymbolicLink(atPath: "\(folder)/u/link.yaml", withDestinationPath: file)

            try stack.write(".anyclauderc.yaml", Self.configuration(["v"]))
            let diff = try emit(stack, "--out", "out", "--diff")
            #expect(diff.status == 2 && diff.output.contains("stale  \(file)\n"), "\(diff.output)\(diff.errors)")
            #expect(try emit(stack, "--out", "out").errors.contains("\(file) is no longer in the plan"))
            let replaced = try emit(stack, "--out", "out", "--replace")
            let removed = replaced.output.split(separator: "\n").filter { $0.hasPrefix("removed  ") && $0.contains("/etc/anyclaude/") }
            #expect(removed == ["removed  \(file)", "removed  \(folder)/w/sitecustomize.py"], "\(replaced.output)\(replaced.errors)")
            let left = try FileManager.default.subpathsOfDirectory(atPath: folder).sorted()
            #expect(
                left == [
                    "link", "proxy.settings.json", "secrets", "secrets/TOKEN", "u", "u/link.yaml", "u/mine.yaml", "v", "v/mlx-textgen.yaml",
                    "v/sitecustomize.py", "w", "w/deep", "w/deep/er.yaml",
                ], "\(left)")
            #expect(FileManager.default.fileExists(atPath: "\(stack.folder)/elsewhere/mlx-textgen.yaml"))
            #expect(try emit(stack, "--out", "out", "--diff").status == 0)

            // The folder goes with the last file in it.
            try stack.write(".anyclauderc.yaml", "backend: claude\n")
            #expect(try emit(stack, "--out", "out", "--replace").status == 0)
            #expect(!FileManager.default.fileExists(atPath: "\(folder)/v"))
        }

        @Test func noLinkLeadsOutOfTheTree() throws {
            let stack = try Stack()
            try stack.write(".anyclauderc.yaml", "backend: claude\n")
            try stack.write("real/mine", "mine")
            func out(_ name: String, link: String, to target: String) throws -> ProgramRun {
                let path = "\(stack.folder)/\(name)/\(link)"
                try FileManager.default.createDirectory(
                    atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
                try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
                let diff = try emit(stack, "--out", name, "--diff")
                #expect(diff.status == 73 && diff.output.isEmpty, "\(diff.output)\(diff.errors)")
                let run = try emit(stack, "--out", name, "--force")
                #expect(run.status == 73 && run.output.isEmpty && run.errors.contains("\(path) is a symbolic link"), "\(run.errors)")
                return run
            }
            for (index, link) in ["etc", "etc/systemd", "etc/systemd/system", "etc/anyclaude", "etc/anyclaude/default"].enumerated() {
                _ = try out("out\(index)", link: link, to: "\(stack.folder)/real")
            }
            _ = try out("file", link: "etc/systemd/system/anyclaude-default.target", to: "\(stack.folder)/real/mine")
            _ = try out("dangling", link: "etc", to: "nowhere")
            #expect(try files("\(stack.folder)/real") == ["mine"])
            #expect(try String(contentsOfFile: "\(stack.folder)/real/mine", encoding: .utf8) == "mine")
            // The folder itself may be one.
            try FileManager.default.createSymbolicLink(atPath: "\(stack.folder)/linked", withDestinationPath: "real")
            let linked = try emit(stack, "--out", "linked")
            #expect(linked.status == 0, "\(linked.errors)")
        }

        @Test func aFolderThatIsNoneIsSaid() throws {
            let stack = try Stack()
            try stack.write(".anyclauderc.yaml", "backend: claude\n")
            for option in ["--out", "--bin"] { #expect(try emit(stack, option, "").status == 64, "\(option)") }
            #expect(try stack.anyclaude("plan", "--offline", "--out", "").status == 64)
            try stack.write("f", "x")
            for path in ["f", "f/below"] {
                for options in [["--out", path], ["--out", path, "--diff"]] {
                    let run = try ProgramRun.run(
                        "anyclaude", ["emit", "systemd"] + options, environment: stack.environment, directory: stack.folder)
                    #expect(run.status == 73 && run.output.isEmpty && run.errors.contains("\(stack.folder)/f"), "\(run.errors)")
                    #expect(run.errors.contains("hint") && !run.errors.contains("ANYCLAUDE_HOME"), "\(run.errors)")
                }
            }
        }

        @Test func aSavedPlanGivesTheSameTree() throws {
            let stack = try stack("foreign.yaml")
            #expect(try stack.anyclaude("plan", "-f", "foreign.yaml", "--offline", "--out", "plan.json").status == 0)
            let direct = try stack.anyclaude("emit", "systemd", "-f", "foreign.yaml")
            let saved = try stack.anyclaude("emit", "systemd", "plan.json")
            #expect(direct.status == 0 && direct.output == saved.output && direct.errors == saved.errors)
            #expect(direct.output.contains("# ==> /etc/systemd/system/anyclaude-foreign.target"))
            #expect(try stack.anyclaude("emit").output.contains("systemd"))
            #expect(try stack.anyclaude("emit", "systemd", "missing.json").status == 66)
        }

        @Test func noSecretIsRead() throws {
            let stack = try stack("foreign.yaml")
            let canary = "canary-\(UUID().uuidString)"
            for name in ["HF_TOKEN", "OPENROUTER_API_KEY", "ANYCLAUDE_TOKEN"] { stack.environment[name] = canary }
            try stack.write("keys/vllm", canary, mode: 0o600)
            let run = try stack.anyclaude("emit", "systemd", "-f", "foreign.yaml")
            #expect(run.status == 0 && !(run.output + run.errors).contains(canary))
        }

        @Test func aProbeWaitsAndGivesUp() throws {
            let stack = try Stack()
            func probe(_ arguments: String...) throws -> ProgramRun {
                try ProgramRun.run("anyclaude", ["probe"] + arguments, environment: stack.environment, directory: stack.folder)
            }
            let nobody = try probe("--port", String(stack.port), "--deadline", "300", "--period", "20")
            #expect(nobody.status == 1 && nobody.errors.contains("no answer within 0.30s"), "\(nobody.errors)")
            // The process is not there: nothing is waited for.
            let gone = try probe("--port", String(stack.port), "--deadline", "60000", "--pid", "999999999")
            #expect(gone.status == 1 && gone.errors.contains("ended before it answered"), "\(gone.errors)")
            #expect(try probe("--deadline", "5000", "--", "/bin/true").status == 0)
            #expect(try probe("--deadline", "100", "--", "/bin/false").status == 1)
            let slow = try probe("--deadline", "200", "--timeout", "100", "--", "/bin/sleep", "60")
            #expect(slow.status == 1 && slow.errors.contains("takes too long"), "\(slow.errors)")
            #expect(try probe("--deadline", "100").status == 64)
            #expect(try probe("--port", "0").status == 64)
            #expect(try !stack.anyclaude("--help").output.contains("probe "))

            let server = Process()
            server.executableURL = URL(filePath: "/usr/bin/python3")
            server.arguments = ["-m", "http.server", "--bind", "127.0.0.1", String(stack.workerPort)]
            server.currentDirectoryURL = URL(filePath: stack.folder)
            server.standardError = FileHandle.nullDevice
            server.standardOutput = FileHandle.nullDevice
            try server.run()
            // The process inherits blocked signals: only this one ends it for certain.
            defer { kill(server.processIdentifier, SIGKILL) }
            let port = String(stack.workerPort)
            #expect(try probe("--port", port, "--deadline", "30000", "--pid", String(server.processIdentifier)).status == 0)
            #expect(try probe("--get", "/", "--port", port, "--deadline", "30000").status == 0)
            let missing = try probe("--get", "/missing", "--port", port, "--deadline", "2000", "--period", "100")
            #expect(missing.status == 1 && missing.errors.contains("answered 404"), "\(missing.errors)")
            #expect(try probe("--post", "/", "--body", "{}", "--port", port, "--deadline", "2000", "--period", "100").errors.contains("answered 501"))
        }
    }
}
