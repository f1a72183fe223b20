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

    enum Format: String, ExpressibleByArgument, CaseIterable { case json, canonical }
    enum Syntax: String, ExpressibleByArgument, CaseIterable { case yaml, json, either }

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The file; standard input where left out and not a terminal.", completion: .file()) var input: String?
    @Option(help: "How it is written: json, in the order of the text, or canonical, by RFC 8785.") var format = Format.json
    @Option(help: "What it is read as: yaml, json, or either; otherwise what the file's name says.") var syntax: Syntax?
    @Flag(help: "Of duplicate keys, take the last value instead of refusing them.") var allowDuplicateKeys = false
    @Flag(help: "Print no values: only what is wrong with them.") var check = false
    @Option(help: "Refuse a text of more bytes.") var maxBytes = ConfigurationFile.defaultMaximumBytes
    @Option(help: "Refuse more values, those that aliases stand for counted each time.") var maxNodes = SyntaxLimits().nodes
    @Option(help: "Refuse deeper nesting.") var maxDepth = SyntaxLimits().depth

    func validate() throws {
        // Places are 32 bits wide, and what is nested is written by recursion.
        let bounds = [("--max-bytes", maxBytes, 1 << 30), ("--max-nodes", maxNodes, 1 << 30), ("--max-depth", maxDepth, 4096)]
        for (name, value, most) in bounds
        where !(1...most).contains(value) {
            throw ValidationError("\(name) \(value): expected a number within 1...\(most)")
        }
    }

    func execute(_ session: Session) throws -> Int32 {
        let file = try ConfigurationFile.read(try path(session), maximumBytes: maxBytes)
        var limits = SyntaxLimits()
        limits.nodes = maxNodes
        limits.depth = maxDepth
        let dump = SyntaxDump.dump(file, format: syntax?.format, limits: limits, allowDuplicateKeys: allowDuplicateKeys)
        if !dump.diagnostics.isEmpty {
            let renderer = TextRenderer(color: session.errorStyle.isColored, width: Terminal.width(STDERR_FILENO))
            Output.note(renderer.render(dump.diagnostics, dump.sources), terminator: "")
        }
        for value in check ? [] : dump.values { Output.print(format == .canonical ? value.canonicalBytes : value.bytes) }
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
