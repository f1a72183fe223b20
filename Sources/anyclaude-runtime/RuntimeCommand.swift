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
        subcommands: [Serve.self, Tokenize.self, Detokenize.self, Render.self, Logits.self, ParseTools.self, Inspect.self],
        defaultSubcommand: Serve.self)
}

/// What went wrong, for people, and the exit code that goes with it.
func reporting(_ work: () async throws -> Void) async throws {
    do {
        try await work()
    } catch let error as RuntimeError {
        RuntimeServer.report(error)
        // sysexits(3): no input where the checkpoint is not there, else data that cannot be used.
        throw ExitCode(error.message.hasPrefix("no such") ? 66 : 65)
    }
}

extension Precision: ExpressibleByArgument {}
