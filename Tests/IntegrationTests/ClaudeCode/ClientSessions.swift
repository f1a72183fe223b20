import Foundation
import JSON
import Testing

/// An applied stack on which Claude Code works, each session in a folder and a home of its own.
protocol ClientSessions: Sendable {
    /// Of the `Stack`; that itself belongs to the thread that made it.
    var folder: String { get }
    /// Where the client is sent without `anyclaude run`; nil leaves it to that.
    var directly: String? { get }
}

extension ClientSessions {
    var directly: String? { nil }

    /// Claude Code under `anyclaude run`, in a folder and a home of its own, which later turns of the same session find again.
    ///
    /// - Parameters:
    ///   - prompt: `@WORK@` in it stands for the folder of the session.
    ///   - arguments: beside those that say how to print.
    ///   - variables: of the caller; what is set here goes before what `run` would set.
    func claude(_ session: String, _ prompt: String, _ arguments: [String] = [], variables: [String: String] = [:]) throws -> ClaudeAnswer {
        let place = try makeWorkFolder(session)
        let client = try #require(ClaudeClient.program)
        let words = ["-p", prompt.replacing("@WORK@", with: place), "--output-format", "json"] + arguments
        var environment = clientEnvironment(session).merging(variables) { $1 }
        guard let directly else {
            let anyclaude = "\(TestEnvironment.programs ?? "")/anyclaude"
            let run = ["run", "-f", "\(folder)/.anyclauderc.yaml", "--", client]
            return ClaudeAnswer(try ProgramRun.run(anyclaude, run + words, environment: environment, directory: place, limit: 300))
        }
        environment["ANTHROPIC_BASE_URL"] = directly
        environment["NO_PROXY"] = "127.0.0.1"
        return ClaudeAnswer(try ProgramRun.run(client, words, environment: environment, directory: place, limit: 300))
    }

    /// What a client, or a command that starts one, is given.
    func clientEnvironment(_ session: String) -> [String: String] {
        ClaudeClient.environment(home: "\(folder)/sessions/\(session)").merging(["ANYCLAUDE_HOME": "\(folder)/home"]) { $1 }
    }

    /// Where the client of a session works.
    func workFolder(_ session: String) -> String { "\(folder)/sessions/\(session)/work" }

    @discardableResult
    func makeWorkFolder(_ session: String) throws -> String {
        try FileManager.default.createDirectory(atPath: workFolder(session), withIntermediateDirectories: true)
        return workFolder(session)
    }
}

/// What Claude Code printed at its end.
struct ClaudeAnswer {
    var run: ProgramRun
    private var result: JSON?

    init(_ run: ProgramRun) {
        self.run = run
        result = try? JSON(parsing: run.output)
    }

    var status: Int32 { run.status }
    var text: String { result?["result"]?.stringValue ?? "" }
    var isError: Bool { result?["is_error"]?.boolValue ?? true }
    var turns: Int? { result?["num_turns"]?.intValue }
    var session: String? { result?["session_id"]?.stringValue }
    var all: String { "exit \(run.status)\n\(run.output)\n\(run.errors)" }
}
