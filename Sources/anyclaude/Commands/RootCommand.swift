import ArgumentParser
import ConfigCompiler
import Control
import Glibc

/// `anyclaude`: the commands, in the order in which they are met.
struct RootCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "anyclaude",
        abstract: "Run Claude Code on your own models: one file in, a supervised stack out.",
        discussion: """
            `anyclaude` alone is `anyclaude run -- claude` where a configuration is in the current folder, and \
            `anyclaude --mode=BACKEND [ARGS]` is `anyclaude run --backend BACKEND -- claude ARGS`.

            Exit codes: 0 ok, 1 errors in the configuration, 2 changes (of `diff`, with --detailed-exitcode or --check), 3 a precondition failed, \
            4 rolled back, 5 the rollback failed too, 6 a plan was changed after it was saved, or is not signed as it must be, 64 usage, \
            66 no such file, 70 a defect, 73 cannot create, \
            74 input/output, 77 no permission, 78 configuration error of a service.
            """,
        version: Version.current,
        subcommands: [
            InitCommand.self, ValidateCommand.self, PlanCommand.self, DiffCommand.self, ApplyCommand.self, StatusCommand.self, CacheCommand.self,
            LogsCommand.self,
            RollbackCommand.self,
            HistoryCommand.self,
            RestartCommand.self, GCCommand.self, DownCommand.self, RunCommand.self, EnvCommand.self, SuperviseCommand.self, ExplainCommand.self,
            SchemaCommand.self,
            FmtCommand.self, MigrateCommand.self, EmitCommand.self, ConfigCommand.self, CheckSetupCommand.self, TestModelCommand.self,
            BenchCommand.self, ReplayCommand.self,
            ProbeCommand.self,
        ])

    /// Runs the command that `arguments` (without the program's name) mean.
    static func start(_ arguments: [String]) {
        let names = Set(configuration.subcommands.compactMap { $0.configuration.commandName } + ["help"])
        let hasConfiguration = (try? ConfigurationFile.find(in: "")) != nil
        // Inherited from a caller that ignores it, no child could be waited for.
        signal(SIGCHLD, SIG_DFL)
        main(UpstreamArguments.translated(arguments, commands: names, hasConfiguration: hasConfiguration))
    }
}
