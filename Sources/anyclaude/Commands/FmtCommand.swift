import ArgumentParser
import ConfigCompiler
import Diagnostics
import Glibc

struct FmtCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "fmt", abstract: "Give configurations one form; only white space changes. Quiet when nothing does.",
        discussion: """
            Files are rewritten in place, and their names printed. Any YAML or JSON file will do. Comments, the order of keys and the style of \
            quotes stay; so do values, which is checked before anything is written.

            Exit codes: 0 ok, 1 a file has errors of syntax or is left alone, 66 and 77 it cannot be opened, 2 with --check: files would change.
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The files; `-` formats standard input to standard output.", completion: .file()) var files: [String] = []
    @Flag(help: "Write nothing: print the names of files that would change, and end with 2 where there are any.") var check = false
    @Flag(help: "Write nothing: print what would change.") var diff = false

    func validate() throws {
        if global.file != nil, !files.isEmpty { throw ValidationError("name the files, or one with -f, not both") }
        if files.count > 1, files.contains("-") { throw ValidationError("`-` writes one text to standard output: name it alone") }
    }

    func execute(_ session: Session) throws -> Int32 {
        let paths = files.isEmpty ? [try session.requireConfigurationPath()] : files
        var failure = ExitStatus.success
        var hasChanges = false
        for path in paths {
            // The others are still looked at.
            do {
                if try format(path, session) { hasChanges = true }
            } catch let error as CommandError {
                Output.report(error, style: session.errorStyle)
                failure = max(failure, error.exitCode)
            }
        }
        if failure != ExitStatus.success { return failure }
        return check && hasChanges ? ExitStatus.changes : ExitStatus.success
    }

    /// - Returns: whether the file has, or had, another form.
    private func format(_ path: String, _ session: Session) throws -> Bool {
        let source: SourceFile
        do throws(ConfigFileError) {
            source = try ConfigurationFile.read(path)
        } catch {
            throw CommandError(error)
        }
        switch Formatter.format(source) {
        case .unreadable(let findings):
            let renderer = TextRenderer(color: session.errorStyle.isColored, width: Terminal.width(STDERR_FILENO))
            Output.note(renderer.render(findings.diagnostics, findings.sources), terminator: "")
            throw CommandError(nil, exitCode: ExitStatus.diagnostics)
        case .leftAlone(let reason):
            // A program that puts the output in the place of its input loses nothing.
            if path == "-", !check, !diff { Output.print(bytes: source.bytes) }
            throw CommandError(
                "\(source.path) is left as it is: \(reason)", hint: "lay it out by hand; `anyclaude config dump` shows what it says",
                exitCode: ExitStatus.diagnostics)
        case .text(let text):
            try give(text, source, path, session)
            return text != source.bytes
        }
    }

    private func give(_ text: [UInt8], _ source: SourceFile, _ path: String, _ session: Session) throws(CommandError) {
        if diff {
            let new = SourceFile(path: source.path, bytes: text)
            let difference = UnifiedDiff(old: source.shown(), new: new.shown(), names: (source.path, source.path))
            let isTerminal = Terminal.isTerminal(STDOUT_FILENO)
            Output.print(UnifiedDiffText(style: session.style, isTerminal: isTerminal).text(difference), terminator: "")
        } else if check {
            if text != source.bytes { Output.print(Text.line(source.path)) }
        } else if path == "-" {
            Output.print(bytes: text)
        } else if text != source.bytes {
            try Files.replace(path, old: source.bytes, new: text)
            Output.print(Text.line(path))
        }
    }
}
