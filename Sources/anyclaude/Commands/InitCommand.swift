import ArgumentParser
import ConfigCompiler
import Control
import JSON

struct InitCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Write a first configuration with remarks, after a look at this machine.",
        discussion: """
            Looks for models in ./models, ~/models, ~/.anyclaude/models, Hugging Face's cache and LM Studio's folders, for LM Studio's server on \
            127.0.0.1:1234, for programs on PATH, and whether keys are set. Nothing is started, and no key is read.
            """)

    private static let fileName = ".anyclauderc.yaml"

    @OptionGroup var global: GlobalOptions
    @Option(name: [.short, .long], help: ArgumentHelp("Write here; `-` is standard output.", valueName: "FILE"), completion: .file())
    var output: String?
    @Flag(name: .customLong("dry-run"), help: "Write to standard output alone, as `-o -` does.") var dryRun = false
    @Flag(help: "Overwrite a configuration that is here.") var force = false
    @Flag(help: "What was found and chosen, as JSON; with --dry-run with the text too.") var json = false

    func validate() throws {
        if global.file != nil { throw ValidationError("init writes a configuration: name it with -o FILE") }
        if output?.isEmpty == true { throw ValidationError("-o needs a file; `-` is standard output") }
    }

    private var isDry: Bool { dryRun || output == "-" }

    func execute(_ session: Session) throws -> Int32 {
        let path = output ?? Self.fileName
        if !isDry, !force { try refuseOverwriting(path) }
        let machine = MachineSurvey(caller: session.caller).machine()
        let choice = StarterChoice.of(machine)
        let text = StarterText.render(machine, choice)
        let report = StarterReport(machine: machine, choice: choice)
        if !isDry { try write(Array(text.utf8), path) }
        if json {
            Output.print(report.document(path: isDry ? nil : path, text: isDry ? text : nil))
        } else if isDry {
            for line in report.lines { Output.note(line) }
            Output.print(text, terminator: "")
        } else {
            for line in report.lines + ["", "wrote \(path)"] + report.next(output) { Output.print(line) }
        }
        return ExitStatus.success
    }

    private func write(_ bytes: [UInt8], _ path: String) throws(CommandError) {
        if force { return try Files.write(bytes, to: path, mode: 0o644, place: .named) }
        guard try Files.create(bytes, at: path, mode: nil, place: .named) else {
            throw CommandError("\(path) is there already", hint: "--force overwrites it", exitCode: ExitStatus.cannotCreate)
        }
    }

    private func refuseOverwriting(_ path: String) throws(CommandError) {
        if Paths.exists(path) {
            throw CommandError(
                "\(path) is there already", hint: "`anyclaude init --dry-run` shows a new one, --force overwrites it",
                exitCode: ExitStatus.cannotCreate)
        }
        guard output == nil, let found = ConfigurationFile.names.first(where: Paths.exists) else { return }
        throw CommandError(
            "\(found) is here already, and would no longer be read",
            hint: "`anyclaude migrate` brings it up to date; --force writes \(path) beside it",
            exitCode: ExitStatus.cannotCreate)
    }
}
