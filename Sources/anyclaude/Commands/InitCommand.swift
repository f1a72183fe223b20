import ArgumentParser
import ConfigCompiler
import Control
import Glibc
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
    @Flag(help: "Overwrite a configuration that is here; FILE.bak keeps the old text.") var force = false
    @Flag(help: "What was found and chosen, as JSON; with --dry-run with the text too.") var json = false

    func validate() throws {
        if global.file != nil { throw ValidationError("init writes a configuration: name it with -o FILE") }
        if output?.isEmpty == true { throw ValidationError("-o needs a file; `-` is standard output") }
    }

    private var isDry: Bool { dryRun || output == "-" }

    func execute(_ session: Session) throws -> Int32 {
        let path = output ?? Self.fileName
        try refuseOtherForms(path)
        if !isDry, !force { try refuseOverwriting(path) }
        let (machine, isCut) = MachineSurvey(caller: session.caller).look()
        if isCut { Output.note("not every folder was searched for models: there are more than the search looks at; name yours by hand") }
        let choice = StarterChoice.of(machine)
        let text = StarterText.render(machine, choice)
        let report = StarterReport(machine: machine, choice: choice)
        let backup = isDry ? nil : try write(Array(text.utf8), path)
        if json {
            Output.print(report.document(path: isDry ? nil : path, backup: backup, text: isDry ? text : nil))
        } else if isDry {
            for line in report.lines { Output.note(line) }
            Output.print(text, terminator: "")
        } else {
            let kept = backup.map { "; the old text is in \($0)" } ?? ""
            for line in report.lines + ["", "wrote \(path)\(kept)"] + report.next(output) { Output.print(line) }
        }
        return ExitStatus.success
    }

    /// - Returns: the path of the backup, where there was another text.
    private func write(_ bytes: [UInt8], _ path: String) throws(CommandError) -> String? {
        if force, let old = try overwritten(path) {
            let backup = old == bytes ? nil : try Backup.write(old, of: path)
            try Files.replace(path, old: old, new: bytes)
            return backup
        }
        guard try Files.create(bytes, at: path, mode: nil, place: .named) else {
            throw CommandError("\(path) is there already", hint: "--force overwrites it", exitCode: ExitStatus.cannotCreate)
        }
        return nil
    }

    /// What is in the file that --force overwrites; nil where nothing is there.
    private func overwritten(_ path: String) throws(CommandError) -> [UInt8]? {
        var status = stat()
        // Why else it cannot be looked at, the attempt to make it says.
        guard lstat(path, &status) == 0 else { return nil }
        guard stat(path, &status) == 0 else {
            guard errno == ENOENT || errno == ELOOP else { throw CommandError("look at", path, errno: errno) }
            throw CommandError(
                "\(path) is a link to nothing", hint: "remove it, or make the file that it names", exitCode: ExitStatus.cannotCreate)
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw CommandError("\(path) is there, and is no file", hint: "name another one with -o FILE", exitCode: ExitStatus.cannotCreate)
        }
        return try Files.read(path)
    }

    /// What is written is YAML, whatever the name says.
    private func refuseOtherForms(_ path: String) throws(CommandError) {
        guard let dot = path.lastIndex(of: "."), ["json", "jsonc", "json5"].contains(path[dot...].dropFirst().lowercased()) else { return }
        throw CommandError(
            "init writes YAML, and \(path) is the name of a JSON file", hint: "name it \(path[..<dot]).yaml", exitCode: ExitStatus.usage)
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
