import ArgumentParser
import ConfigCompiler
import Diagnostics
import Glibc
import JSON

struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Work with configurations as files.", subcommands: [ConfigDumpCommand.self])
}

struct ConfigDumpCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "dump",
        abstract: "Any YAML or JSON text as JSON, one line a document: the syntax alone, without the language of the configuration.")

    enum Format: String, ExpressibleByArgument, CaseIterable { case json }
    enum Syntax: String, ExpressibleByArgument, CaseIterable { case yaml, json, either }

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The file; standard input where left out and not a terminal.", completion: .file()) var input: String?
    @Option(help: "How it is written: json.") var format = Format.json
    @Option(help: "What it is read as: yaml, json, or either; otherwise what the file's name says.") var syntax: Syntax?
    @Flag(help: "Of duplicate keys, take the last value instead of refusing them.") var allowDuplicateKeys = false

    func execute(_ session: Session) throws -> Int32 {
        let file = try ConfigurationFile.read(try path(session))
        let dump = SyntaxDump.dump(file, format: syntax?.format, allowDuplicateKeys: allowDuplicateKeys)
        if !dump.diagnostics.isEmpty {
            let renderer = TextRenderer(color: session.errorStyle.isColored, width: Terminal.width(STDERR_FILENO))
            Output.note(renderer.render(dump.diagnostics, dump.sources), terminator: "")
        }
        for value in dump.values { Output.print(value.text) }
        return dump.diagnostics.hasErrors ? ExitStatus.diagnostics : ExitStatus.success
    }

    private func path(_ session: Session) throws -> String {
        if let path = input ?? global.file { return path }
        return Terminal.isTerminal(STDIN_FILENO) ? try session.requireConfigurationPath() : "-"
    }
}

extension ConfigDumpCommand.Syntax {
    fileprivate var format: SourceFormat {
        switch self {
        case .yaml: .yaml
        case .json: .json
        case .either: .either
        }
    }
}
