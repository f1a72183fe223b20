import FoundationEssentials
import Glibc
import JSON
import Testing

extension CommandLineTests {
    @Suite struct ReportTests {
        private static let warned = "backend: claude\nport: 9000\nwebSearch: {}\n"
        private static let wrong = "backend: claude\nproxy: { port: 99999 }\n"

        @Test func denyAndAllow() throws {
            let box = try Sandbox()
            try box.write("a.yaml", Self.warned)
            expect(try box.anyclaude("validate", "a.yaml"), exits: 0, saying: "warning[AC0701]", "warning[AC0703]", "2 warnings")
            expect(
                try box.anyclaude("validate", "--deny", "AC0703", "a.yaml"), exits: 1, saying: "error[AC0703]", "--deny AC0703", "1 error, 1 warning")
            expect(try box.anyclaude("validate", "--deny", "ac0701,AC0703", "a.yaml"), exits: 1, saying: "2 errors")
            let allowed = try box.anyclaude("validate", "--allow", "AC0701", "--allow", "AC0703", "a.yaml")
            expect(allowed, exits: 0, output: "")
            expect(try box.anyclaude("validate", "--allow", "AC0301", "a.yaml"), exits: 64, output: "", saying: "AC0301", "cannot be allowed")
            expect(try box.anyclaude("validate", "--deny", "AC0730", "a.yaml"), exits: 64, output: "", saying: "there is no code `AC0730`", "AC0703")
            expect(try box.anyclaude("validate", "--deny", "AC0701", "--allow", "AC0701", "a.yaml"), exits: 64, saying: "both denied and allowed")
        }

        @Test func everyFormatIsADocumentOfItsKind() throws {
            let box = try Sandbox()
            try box.write("a.yaml", Self.wrong)
            try box.write("b.yaml", "backend: claude\n")
            func run(_ format: String) throws -> String {
                let run = try box.anyclaude("validate", "--format", format, "a.yaml", "b.yaml")
                expect(run, exits: 1)
                #expect(run.errors == "", "\(format)")
                return run.output
            }
            #expect(try run("text").contains("error[AC0401]"))
            let json = try JSON(parsing: try run("json"))
            #expect(json["format"] == "anyclaude.diagnostics" && json["summary"]?["files"] == 2 && json["diagnostics"]?[0]?["code"] == "AC0401")
            #expect(try run("github").hasPrefix("::error file=a.yaml,line=2,endLine=2,col=16"))
            let sarif = try JSON(parsing: try run("sarif"))
            #expect(sarif["version"] == "2.1.0" && sarif["runs"]?[0]?["results"]?[0]?["ruleId"] == "AC0401")
            let junit = try run("junit")
            #expect(junit.hasPrefix("<?xml") && junit.contains("AC0401"))
            expect(try box.anyclaude("validate", "--format", "html", "a.yaml"), exits: 64, output: "")
        }

        @Test func quietWhereNothingIsWrong() throws {
            let box = try Sandbox()
            try box.write(".anyclauderc.yaml", "backend: claude\n")
            for arguments in [["validate"], ["validate", "--format", "github"], ["validate", "-"], ["validate", "-f", ".anyclauderc.yaml"]] {
                let run = try box.run(arguments, input: "backend: claude\n")
                expect(run, exits: 0, output: "")
                #expect(run.errors == "")
            }
        }

        /// Colours only on a terminal: `script` gives one.
        @Test(.enabled(if: access("/usr/bin/script", X_OK) == 0, "no script(1)"))
        func colours() throws {
            let box = try Sandbox()
            try box.write("a.yaml", Self.wrong)
            func onTerminal(_ arguments: String, _ more: [String: String] = [:]) throws -> String {
                let environment = box.environment.merging(["TERM": "xterm-256color"]) { $1 }.merging(more) { $1 }
                return try ProgramRun.run(
                    "script", ["-qec", "\(Sandbox.program) \(arguments)", "/dev/null"], environment: environment, directory: box.folder
                ).output
            }
            #expect(try onTerminal("validate a.yaml").contains("\u{1B}["))
            #expect(try !onTerminal("validate a.yaml", ["NO_COLOR": "1"]).contains("\u{1B}["))
            #expect(try !onTerminal("validate --no-color a.yaml").contains("\u{1B}["))
            #expect(try !onTerminal("validate a.yaml", ["TERM": "dumb"]).contains("\u{1B}["))
            #expect(try !box.anyclaude("validate", "a.yaml").output.contains("\u{1B}["))
        }

        @Test func exitCodes() throws {
            let box = try Sandbox()
            try box.write("good.yaml", "backend: claude\n")
            try box.write("wrong.yaml", Self.wrong)
            expect(try box.anyclaude("validate", "good.yaml"), exits: 0)
            expect(try box.anyclaude("validate", "wrong.yaml"), exits: 1)
            expect(try box.anyclaude("plan", "-f", "wrong.yaml"), exits: 1, output: "")
            expect(try box.anyclaude("plan", "-f", "good.yaml", "--offline", "--detailed-exitcode"), exits: 2)
            expect(try box.anyclaude("validate", "--nonsense"), exits: 64, output: "")
            expect(try box.anyclaude("explain", "AC0999"), exits: 64, output: "", saying: "there is no code or key")
            expect(try box.anyclaude("plan", "--instance", "A b", "-f", "good.yaml"), exits: 64, output: "", saying: "--instance")
            expect(try box.anyclaude("validate"), exits: 66, output: "", saying: ".anyclauderc", "hint")
            expect(try box.anyclaude("validate", "none.yaml"), exits: 66, saying: "AC0001")
            expect(try box.anyclaude("plan", "-f", "none.yaml"), exits: 66, output: "", saying: "no such file", "hint")
            try box.write("large.yaml", "# " + String(repeating: "x", count: 1 << 20))
            expect(try box.anyclaude("validate", "large.yaml"), exits: 78, saying: "AC0004")
            // The worst of several is the status of all.
            expect(try box.anyclaude("validate", "good.yaml", "wrong.yaml", "none.yaml"), exits: 66)
        }

        /// A configuration error of a service must not be met with a restart.
        @Test func aServiceEndsWith78() throws {
            let box = try Sandbox()
            try box.write("wrong.yaml", Self.wrong)
            expect(try box.anyclaude("plan", "-f", "wrong.yaml", environment: ["STATE_DIRECTORY": "\(box.folder)/s"]), exits: 78)
        }

        @Test func unreadableAndUnwritable() throws {
            let box = try Sandbox()
            // Reading this file fails in the middle of it, whoever asks.
            expect(try box.anyclaude("config", "dump", "/proc/self/mem"), exits: 74, output: "", saying: "/proc/self/mem", "hint")
            try box.write("good.yaml", "backend: claude\n")
            let full = try ProgramRun.run(
                "sh", ["-c", "exec \"$0\" explain --list > /dev/full", Sandbox.program], environment: box.environment, directory: box.folder)
            #expect(full.status == 74, "a result that could not be written looks like a success")
            guard geteuid() != 0 else { return }
            try box.write("closed.yaml", "backend: claude\n", mode: 0o000)
            expect(try box.anyclaude("validate", "closed.yaml"), exits: 77, saying: "AC0002")
            expect(try box.anyclaude("plan", "-f", "closed.yaml"), exits: 77, output: "")
        }

        @Test func theSchemaIsADocument() throws {
            let box = try Sandbox()
            let run = try box.anyclaude("schema")
            expect(run, exits: 0)
            #expect(try JSON(parsing: run.output)["$schema"] == "http://json-schema.org/draft-07/schema#")
            #expect(run.errors == "")
        }
    }
}
