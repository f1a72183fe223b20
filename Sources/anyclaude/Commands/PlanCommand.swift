import ArgumentParser

/// `anyclaude plan`, which makes one where no other command follows.
struct PlanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Show what an apply would start, replace or stop, and which lines of the configuration are the reason; look at saved plans.",
        subcommands: [PlanMakeCommand.self, PlanShowCommand.self, PlanVerifyCommand.self], defaultSubcommand: PlanMakeCommand.self,
        // `anyclaude plan --help` is that of the command that `anyclaude plan` runs; it names the others.
        helpNames: [])
}
