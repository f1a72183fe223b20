import ArgumentParser
import InferenceRuntime

@main
struct RuntimeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "anyclaude-runtime", abstract: "The native inference worker: the user's own checkpoint on a CPU.",
        discussion: """
            Started by its supervisor it takes settings and listeners as descriptors; `serve --model` runs it alone. The other commands \
            read JSON lines and write JSON lines.
            """,
        subcommands: [Serve.self, Tokenize.self, Detokenize.self, Render.self, Logits.self, ParseTools.self, Inspect.self, Bench.self],
        defaultSubcommand: Serve.self)
}

/// Runs `work` on a checkpoint; what goes wrong is told to people, with the exit code that goes with it.
///
/// - Parameter model: nil where the supervisor names it.
func reporting(_ model: String?, _ work: () async throws -> Void) async throws {
    do {
        try await work()
    } catch let error as RuntimeError {
        RuntimeServer.report(error)
        throw ExitCode(RuntimeServer.exitCode(model: model))
    }
}

extension Precision: ExpressibleByArgument {}
