import Foundation
import JSON
import Testing

extension IntegrationTests {
    /// The real Claude Code on an applied stack with a native worker: a model of this machine calls its tools.
    @Suite(.enabled(if: ClaudeClient.isThere, Comment(rawValue: ClaudeClient.needed)))
    struct NativeWorkerTests {
        /// What the demo model may be given at most; it was trained on conversations of up to 3,072.
        private static let most = 2000

        @Test func toolRoundTrips() throws {
            let stack = try Stack()
            let native = try NativeStack(stack)
            let note = "the kettle stands in the north tower"
            try "\(note)\n".write(toFile: native.makeWorkFolder("talk") + "/notes.md", atomically: true, encoding: .utf8)
            func ask(_ prompt: String, _ more: [String] = []) throws -> ClaudeAnswer {
                let answer = try native.claude("talk", prompt, ["--allowedTools", "Bash,Read"] + more)
                #expect(answer.status == 0 && !answer.isError, "\(answer.all)")
                // A call, its result, the report.
                #expect(answer.turns == 2, "\(answer.all)")
                return answer
            }
            let first = try ask("Please run `cat notes.md` and tell me what it prints.")
            #expect(first.text.contains(note), "\(first.all)")
            let session = try #require(first.session)
            let second = try ask("Run `echo $((6 * 7))` and tell me what it prints.", ["--resume", session])
            #expect(second.text.contains("42"), "\(second.all)")
            let restart = try stack.anyclaude("restart", "demo")
            #expect(restart.status == 0, "\(restart.output)\(restart.errors)")
            try stack.wait(for: "the worker after its restart") { try stack.service("demo").state == .ready }
            let third = try ask("Run `cat notes.md` and tell me what it prints.", ["--resume", session])
            #expect(third.text.contains(note), "\(third.all)")

            try stack.wait(for: "the lines of six answers") { try native.answers().count >= 6 }
            let answers = try native.answers()
            #expect(answers.map(\.stop) == ["tool_use", "end_turn", "tool_use", "end_turn", "tool_use", "end_turn"])
            #expect(answers.allSatisfy { $0.input <= Self.most }, "the prompts had \(answers.map(\.input)) tokens")
            // Each finds all of the request before it, also the first after the restart, which has it from the disk.
            for (earlier, later) in zip(answers, answers.dropFirst()) {
                #expect(later.cached >= earlier.input, "of \(later.input) tokens \(later.cached) were there, after one of \(earlier.input)")
            }
        }

        /// The client's own short mode has no system message in mid-conversation.
        @Test func bareClient() throws {
            let stack = try Stack()
            let native = try NativeStack(stack)
            try "the anchor hangs in the hall\n".write(toFile: native.makeWorkFolder("bare") + "/notes.md", atomically: true, encoding: .utf8)
            let answer = try native.claude(
                "bare", "Please run `cat notes.md` and tell me what it prints.", ["--bare", "--allowedTools", "Bash,Read"])
            #expect(answer.status == 0 && !answer.isError && answer.turns == 2, "\(answer.all)")
            #expect(answer.text.contains("the anchor hangs in the hall"), "\(answer.all)")
            try stack.wait(for: "the lines of two answers") { try native.answers().count >= 2 }
            let answers = try native.answers()
            #expect(answers.map(\.stop) == ["tool_use", "end_turn"])
            #expect(answers[0].input <= 500 && answers[1].cached >= answers[0].input, "\(answers)")
        }
    }
}
