import Control
import Foundation
import JSON
import Testing

extension IntegrationTests {
    /// Bad input gets a clear error with the promised exit code or status, and nothing is left half done.
    @Suite struct BadInputTests {
        private func expect(_ run: ProgramRun, exits status: Int32, saying words: String..., at location: SourceLocation = #_sourceLocation) {
            #expect(run.status == status, "\(run.output)\(run.errors)", sourceLocation: location)
            for word in words {
                #expect((run.output + run.errors).contains(word), "`\(word)` is missing in: \(run.output)\(run.errors)", sourceLocation: location)
            }
        }

        @Test func files() throws {
            let stack = try Stack()
            expect(try stack.anyclaude("validate"), exits: 66, saying: ".anyclauderc")
            expect(try stack.anyclaude("validate", "missing.yaml"), exits: 66, saying: "missing.yaml")
            try stack.write("bad.yaml", "backend: [vllm-mlx\n")
            expect(try stack.anyclaude("validate", "bad.yaml"), exits: 1, saying: "AC01", "bad.yaml:")
            try stack.write("bad.json", "{\"backend\": }")
            expect(try stack.anyclaude("validate", "bad.json"), exits: 1, saying: "AC02", "bad.json:1:13")
            try stack.write("keys.yaml", "backend: claude\nbackends:\n  claude: { portt: 1 }\nproxy: { port: 99999 }\n")
            expect(try stack.anyclaude("validate", "keys.yaml"), exits: 1, saying: "AC0301", "AC0401", "keys.yaml:3", "keys.yaml:4")
        }

        @Test func models() throws {
            let stack = try Stack()
            try stack.write("empty/readme", "no model here")
            try stack.write(".anyclauderc.yaml", Stack.quickstart.replacing("@MODEL@", with: "./empty"))
            expect(try stack.anyclaude("apply"), exits: 3, saying: "config.json")
            #expect(try stack.anyclaude("status").status != 0 || stack.status().generation == nil)

            for file in try FileManager.default.contentsOfDirectory(atPath: TestEnvironment.demoModel) {
                try FileManager.default.createDirectory(atPath: "\(stack.folder)/cut", withIntermediateDirectories: true)
                try FileManager.default.copyItem(atPath: "\(TestEnvironment.demoModel)/\(file)", toPath: "\(stack.folder)/cut/\(file)")
            }
            let weights = try #require(FileHandle(forWritingAtPath: "\(stack.folder)/cut/model.safetensors"))
            try weights.truncate(atOffset: 100_000)
            try weights.close()
            try stack.write(".anyclauderc.yaml", Stack.quickstart.replacing("@MODEL@", with: "./cut"))
            expect(try stack.anyclaude("apply"), exits: 3, saying: "model.safetensors")
        }

        @Test func portInUse() throws {
            let stack = try Stack()
            let holder = try SpawnedProgram(
                "python3", ["-m", "http.server", "\(stack.port)", "--bind", "127.0.0.1"], environment: stack.environment)
            defer { holder.kill(SIGKILL) }
            try stack.wait(for: "the other server") { try ProgramRun.run("curl", ["-sS", "\(stack.baseURL)/"]).status == 0 }
            try stack.write(".anyclauderc.yaml", Stack.quickstart)
            expect(try stack.anyclaude("apply"), exits: 3, saying: "\(stack.port)", "\(holder.pid)", "python3")
        }

        @Test func stateDirectoryThatCannotBeMade() throws {
            let stack = try Stack()
            try stack.write("file", "not a directory")
            stack.environment["ANYCLAUDE_HOME"] = "\(stack.folder)/file/state"
            try stack.write(".anyclauderc.yaml", Stack.quickstart)
            let run = try stack.anyclaude("apply")
            #expect([73, 77].contains(run.status), "\(run.output)\(run.errors)")
            #expect(run.errors.contains("\(stack.folder)/file"))
        }

        @Test func requestBodies() throws {
            let stack = try Stack()
            try stack.write(
                ".anyclauderc.yaml",
                Stack.quickstart.replacing("proxy: { port: @PORT@ }", with: "proxy: { port: @PORT@, limits: { maxBodyBytes: 64KiB } }"))
            try #require(try stack.anyclaude("apply").status == 0)
            let broken = try stack.curl("/v1/messages", body: "{\"model\": ")
            #expect(broken.status == 400)
            #expect(broken.body.contains("invalid_request_error"))
            let large = try stack.curl("/v1/messages", body: String(repeating: "x", count: 70_000))
            #expect(large.status == 413)
            #expect(large.body.contains("request_too_large"))
            #expect(try stack.curl("/nowhere").status == 404)
            #expect(try stack.ask().status == 200)
        }
    }
}
