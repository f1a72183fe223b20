import ArgumentParser
import ConfigCompiler
import Diagnostics
import Glibc

struct MigrateCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Rewrite an older configuration for today: shows what would change and why, and asks.",
        discussion: """
            Comments and the order of keys stay. Archived launcher scripts become `engine: mlx-textgen`, other spellings of keys their names, \
            keys that change nothing comments; a secret in clear text moves to a file that only you can read, and the configuration refers to it. \
            The result is compiled before it is written: it has no finding that the old file had not, but where a misspelt key hid it.

            FILE.bak keeps the old text, with the same references in place of secrets, so that none is left lying about; --full-backup keeps \
            it to the byte, readable by you alone. What looks like a secret and cannot be moved, in comments, arguments and URLs, is listed with \
            its place, and makes the backup readable by you alone too.

            Exit codes: 0 done, or nothing to do; 1 the file cannot be read as a configuration; 2 there is something to migrate and nothing was \
            written (with --diff and --json only together with --check); 73 a file for a secret cannot be made.
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The configuration; `-` migrates standard input to standard output.", completion: .file()) var input: String?
    @Flag(name: .shortAndLong, help: "Apply without asking.") var yes = false
    @Flag(help: "Write nothing; list the changes, and end with 2 where there are any.") var check = false
    @Flag(help: "Write nothing; print the difference alone, with --check to end with 2 where there is one.") var diff = false
    @Flag(help: "The changes as JSON; written only together with --yes.") var json = false
    @Flag(help: "Leave `serverScript` as it is.") var keepScript = false
    @Flag(help: "Keep secrets in the backup, which is then readable by you alone.") var fullBackup = false
    @Option(
        help: ArgumentHelp(
            "The folder for secrets: absolute, ~/…, or relative to the configuration, which will write it as an absolute path.", valueName: "DIR"),
        completion: .directory) var secrets: String?

    func validate() throws {
        if global.file != nil, input != nil { throw ValidationError("name the file once: as FILE or with -f") }
        if yes, check || diff { throw ValidationError("--yes writes, --check and --diff do not: choose one") }
        if json, diff { throw ValidationError("--json has the difference in it: choose one") }
        if secrets?.isEmpty == true { throw ValidationError("--secrets needs a folder") }
    }

    func execute(_ session: Session) throws -> Int32 {
        let path = try input ?? session.requireConfigurationPath()
        let source: SourceFile
        do throws(ConfigFileError) { source = try ConfigurationFile.read(path) } catch { throw CommandError(error) }
        let migration = try migration(source, path, session)
        let report = MigrationReport(migration: migration, source: source, style: session.style)
        if path == "-" { return try answer(report, session) }
        guard migration.bytes != source.bytes else { return nothing(report, session) }
        let writer = MigrationWriter(path: path, source: source, migration: migration, caller: session.caller, keepsSecrets: fullBackup)
        if json { return try document(report, writer) }
        if !check || diff { Output.print(difference(report, session), terminator: diff ? "" : "\n") }
        if !diff {
            for line in report.lines() { Output.print(line) }
        }
        if !yes { remaining(report, .old) }
        if diff { return check ? ExitStatus.changes : ExitStatus.success }
        guard !check, try yes || isConfirmed(session) else { return ExitStatus.changes }
        try write(writer, report, session)
        return ExitStatus.success
    }

    private func migration(_ source: SourceFile, _ path: String, _ session: Session) throws(CommandError) -> Migration {
        var options = Migration.Options()
        options.keepsScripts = keepScript
        options.instance = global.instance
        if let home = session.caller.environment["ANYCLAUDE_HOME"], !home.isEmpty { options.secretFolder = "\(home)/secrets" }
        let directory = path == "-" ? session.caller.directory : Paths.directory(of: session.caller.absolute(path))
        if let secrets { options.secretFolder = folder(secrets, in: directory) }
        let caller = session.caller
        options.isAvailable = { SecretFiles.isAvailable(.init($0, caller)) }
        do throws(Migration.Refusal) {
            return try Migration(source, includes: .folder(directory), options: options)
        } catch {
            switch error {
            case .unreadable(let findings):
                let renderer = TextRenderer(color: session.errorStyle.isColored, width: Terminal.width(STDERR_FILENO))
                Output.note(renderer.render(findings.diagnostics, findings.sources), terminator: "")
                throw CommandError(nil, exitCode: ExitStatus.diagnostics)
            case .shellFile(let names):
                throw CommandError(
                    "\(source.path) holds shell variables (\(names.prefix(4).joined(separator: ", "))\(names.count > 4 ? ", …" : "")), as the earliest wrapper sourced them: it is no configuration",
                    hint: "set them in the environment, and write what they chose into .anyclauderc.yaml, as `backend: lmstudio`",
                    exitCode: ExitStatus.diagnostics)
            case .endless:
                throw CommandError(
                    "the migration of \(source.path) does not come to an end",
                    hint: "nothing was written; `anyclaude validate` says what to change by hand",
                    exitCode: ExitStatus.internalError)
            }
        }
    }

    /// As the configuration writes it: a relative path would be another one for whoever includes the file, or reaches it through a link.
    private func folder(_ secrets: String, in directory: String) -> String {
        if secrets == "~" || secrets.hasPrefix("~/") { return secrets.hasSuffix("/") ? String(secrets.dropLast()) : secrets }
        return Paths.absolute(secrets, in: directory)
    }

    private func difference(_ report: MigrationReport, _ session: Session) -> String {
        UnifiedDiffText(style: session.style, isTerminal: Terminal.isTerminal(STDOUT_FILENO)).text(report.diff)
    }

    private func nothing(_ report: MigrationReport, _ session: Session) -> Int32 {
        if json {
            Output.print(report.document(isWritten: false, backup: nil))
        } else {
            for line in report.lines() { Output.note(line) }
            remaining(report, .old)
            if !check, !diff { Output.note("nothing to migrate in \(report.source.path)") }
        }
        return ExitStatus.success
    }

    /// What is left to be done by hand.
    private func remaining(_ report: MigrationReport, _ version: MigrationReport.Version) {
        for line in report.remainders(in: version) { Output.note(line) }
        if let errors = report.errors { Output.note(errors) }
    }

    /// Standard input to standard output.
    private func answer(_ report: MigrationReport, _ session: Session) throws(CommandError) -> Int32 {
        let isChanged = report.migration.bytes != report.source.bytes
        if json {
            Output.print(report.document(isWritten: false, backup: nil))
        } else if diff {
            Output.print(difference(report, session), terminator: "")
        } else if check {
            for line in report.lines() { Output.print(line) }
        } else {
            guard report.migration.secrets.isEmpty else {
                throw CommandError(
                    "the text holds \(report.migration.secrets.count == 1 ? "a secret" : "secrets") in clear text, which would have to be moved to a file",
                    hint: "name the configuration instead of `-`", exitCode: ExitStatus.precondition)
            }
            Output.print(bytes: report.migration.bytes)
            for line in report.lines() { Output.note(line) }
        }
        if !json { remaining(report, check || diff ? .old : .new) }
        return check && isChanged ? ExitStatus.changes : ExitStatus.success
    }

    private func document(_ report: MigrationReport, _ writer: MigrationWriter) throws(CommandError) -> Int32 {
        let backup = yes ? try writer.write() : nil
        Output.print(report.document(isWritten: yes, backup: backup))
        return check ? ExitStatus.changes : ExitStatus.success
    }

    private func isConfirmed(_ session: Session) throws(CommandError) -> Bool {
        guard Terminal.isTerminal(STDIN_FILENO), Terminal.isTerminal(STDERR_FILENO) else {
            Output.note("nothing was written: `anyclaude migrate --yes` applies it")
            return false
        }
        Output.note("Apply? [y/N] ", terminator: "")
        let answer = readLine().map { $0.lowercased() } ?? ""
        if ["y", "yes"].contains(answer.trimmed) { return true }
        Output.note("nothing was written")
        return false
    }

    private func write(_ writer: MigrationWriter, _ report: MigrationReport, _ session: Session) throws(CommandError) {
        let backup = try writer.write()
        let secrets = writer.migration.secrets
        let clean = writer.migration.isSecretLeftInOld ? "the old text, with the same references," : "the old text, its secrets moved too,"
        Output.note("wrote \(writer.path); \(secrets.isEmpty || fullBackup ? "the old text" : clean) is in \(backup)")
        let hint = session.errorStyle.hint("note")
        for secret in secrets { Output.note("wrote \(SecretFiles.File(secret, session.caller).path) (\(secret.key)), readable by you alone") }
        if writer.isBackupSecret {
            let moved = secrets.count == 1 ? "the secret" : "the secrets"
            let what = fullBackup && !secrets.isEmpty ? "\(moved) in clear text" : "what looks like a secret"
            Output.note("\(hint): \(backup) still holds \(what): it is readable by you alone")
        }
        remaining(report, .new)
        if !writer.migration.remainders.isEmpty, Files.isReadableByOthers(writer.path) {
            Output.note("\(hint): others can read \(writer.path), and what stays in it: `chmod 600 \(writer.path)` keeps them out")
        }
        guard !secrets.isEmpty else { return }
        Output.note("\(hint): a key that stood in a file that others read, or in a repository, is better replaced by a new one")
    }
}

extension String {
    fileprivate var trimmed: String { String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed()) }
}
