import Foundation
import Testing

extension IntegrationTests {
    /// How much of its model a native worker has loaded, as the user sees it.
    @Suite struct LoadProgressTests {
        @Test func linesHaveTheQuartersOfALoad() throws {
            let stack = try Stack()
            try stack.write(".anyclauderc.yaml", Stack.quickstart)
            let apply = try stack.anyclaude("apply")
            try #require(apply.status == 0, "\(apply.errors)")
            let lines = apply.errors.split(separator: "\n").filter { $0.contains("loading the weights") }
            #expect(lines.first?.hasSuffix("vllm-mlx  starting  loading the weights: 0 %") == true, "\(apply.errors)")
            #expect(lines.last?.hasSuffix("vllm-mlx  starting  loading the weights: 100 %") == true, "\(apply.errors)")
            #expect(lines.count <= 5, "\(apply.errors)")
        }

        @Test func aTerminalShowsIt() throws {
            let stack = try Stack()
            try stack.write(".anyclauderc.yaml", Stack.quickstart)
            stack.environment["TERM"] = "xterm"
            let apply = try ProgramRun.run(
                "script", ["-qec", "anyclaude apply", "/dev/null"], environment: stack.environment, directory: stack.folder)
            #expect(apply.status == 0, "\(apply.output)\(apply.errors)")
            #expect(apply.output.contains("\u{1B}["), "a view that is redrawn")
            #expect(apply.output.contains("loading the weights: 0 %") && apply.output.contains("loading the weights: 100 %"), "\(apply.output)")
        }
    }
}
