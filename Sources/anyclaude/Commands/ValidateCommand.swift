import ArgumentParser
import ConfigCompiler
import Control
import Diagnostics

struct ValidateCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "validate", abstract: "Say everything that is wrong with a configuration; quiet when nothing is.",
        discussion: """
            A comment `# anyclaude: allow CODE` in a YAML file allows a warning on its line or the next one; \
            `anyclaude explain AC0805` has the rules.
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable { case text, json, github, sarif, junit }

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The configurations; `-` is standard input.", completion: .file()) var files: [String] = []
    @Option(help: "How the findings are written: text, json, github (annotations), sarif (2.1.0) or junit.") var format = Format.text
    @Flag(help: "Apply the safe fixes, and nothing else, to the files; with `-`, write the fixed text to standard output.") var fix = false
    @Flag(help: "Where a file has no error, look also whether what must hold on this machine before an apply does.") var preflight = false
    @Option(help: ArgumentHelp("Count a warning as an error; several with commas.", valueName: "CODE")) var deny: [String] = []
    @Option(help: ArgumentHelp("Leave a warning out; several with commas.", valueName: "CODE")) var allow: [String] = []

    func validate() throws {
        if global.file != nil, !files.isEmpty { throw ValidationError("name the files, or one with -f, not both") }
        if fix, preflight { throw ValidationError("`--fix` changes files, and `--preflight` looks at the machine: run one after the other") }
        guard writesToStandardOutput else { return }
        if files.count > 1 { throw ValidationError("`--fix -` writes one text to standard output: name `-` alone") }
        if format != .text { throw ValidationError("`--fix -` writes the fixed text to standard output, where a report has no place") }
    }

    private var writesToStandardOutput: Bool { fix && (files.contains("-") || global.file == "-") }

    func execute(_ session: Session) throws -> Int32 {
        let policy = try policy()
        let paths = files.isEmpty ? [try session.requireConfigurationPath()] : files
        var result = ExitStatus.success
        var inputs: [Findings] = []
        for path in paths {
            do throws(ConfigFileError) {
                let source = try ConfigurationFile.read(path)
                let findings =
                    fix ? repaired(source, path, policy, session, &result) : found(source, path, policy, session, &result)
                if findings.diagnostics.hasErrors { result = max(result, ExitStatus.diagnostics) }
                inputs.append(findings)
            } catch {
                // The others are still looked at.
                inputs.append(Findings(path: path, diagnostics: [Diagnostic(error)]))
                result = max(result, Int32(error.exitCode))
            }
        }
        show(Report(inputs), session)
        return result
    }

    /// With --preflight also what the machine answers; where nobody could be asked, that is said.
    private func found(
        _ source: SourceFile, _ path: String, _ policy: DiagnosticPolicy, _ session: Session, _ result: inout Int32
    ) -> Findings {
        let (findings, unasked) = session.findings(in: source, path, policy, asking: preflight ? PreflightQuery(session: session) : nil)
        if let unasked {
            Output.report(unasked, style: session.errorStyle)
            result = max(result, unasked.exitCode)
        }
        return findings
    }

    private func policy() throws(CommandError) -> DiagnosticPolicy {
        func codes(_ values: [String]) -> [String] { values.flatMap { $0.split(separator: ",").map(String.init) } }
        do throws(DiagnosticPolicy.Refusal) {
            return try DiagnosticPolicy(deny: codes(deny), allow: codes(allow))
        } catch {
            throw CommandError(error.message, hint: error.hint, exitCode: ExitStatus.usage)
        }
    }

    /// What is left after the safe fixes; all that there was where the file cannot be written.
    private func repaired(
        _ source: SourceFile, _ path: String, _ policy: DiagnosticPolicy, _ session: Session, _ result: inout Int32
    ) -> Findings {
        let repair = Repair(source.bytes) { bytes in session.findings(in: SourceFile(path: source.path, bytes: bytes), path, policy).findings }
        do throws(CommandError) {
            if path == "-" {
                Output.print(bytes: repair.bytes)
            } else if repair.bytes != source.bytes {
                try Files.replace(path, old: source.bytes, new: repair.bytes)
            }
            for line in RepairText(style: session.errorStyle).lines(repair) { Output.note(line) }
            return repair.findings
        } catch {
            Output.report(error, style: session.errorStyle)
            result = max(result, error.exitCode)
            return session.findings(in: source, path, policy).findings
        }
    }

    private func show(_ report: Report, _ session: Session) {
        switch format {
        case .text:
            // Standard output holds the fixed text.
            let isNote = writesToStandardOutput
            let style = isNote ? session.errorStyle : session.style
            let text = TextRenderer(color: style.isColored, width: Terminal.width(isNote ? 2 : 1)).render(report)
            if isNote { Output.note(text, terminator: "") } else { Output.print(text, terminator: "") }
        case .github: Output.print(GitHubRenderer().render(report), terminator: "")
        case .json: Output.print(JSONRenderer().render(report))
        case .sarif: Output.print(SARIFRenderer(version: Version.current).render(report))
        case .junit: Output.print(JUnitRenderer().render(report), terminator: "")
        }
    }
}
