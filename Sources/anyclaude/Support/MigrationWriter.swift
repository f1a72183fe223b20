import ConfigCompiler
import Glibc

/// Puts a migration on the disk: the secrets first, then the backup, then the new text at once. Whatever is cut off in between, the
/// configuration is the old one or the new one, and what it refers to is there.
struct MigrationWriter {
    let path: String
    let source: SourceFile
    let migration: Migration
    let caller: Caller
    /// Whether the backup is the old text to the byte, secrets included.
    let keepsSecrets: Bool

    /// - Returns: the path of the backup.
    func write() throws(CommandError) -> String {
        try SecretFiles.write(migration.secrets.map { SecretFiles.File(path: resolved($0.path), contents: $0.contents) })
        let backup = try writeBackup()
        try Files.replace(path, old: source.bytes, new: migration.bytes)
        return backup
    }

    /// A path as the configuration has it, on this machine.
    func resolved(_ text: String) -> String {
        if text.hasPrefix("~/") { return Paths.absolute(String(text.dropFirst(2)), in: caller.home) }
        return Paths.absolute(text, in: Paths.directory(of: caller.absolute(path)))
    }

    private static let maximumBackups = 1000

    /// `FILE.bak`, or the first `FILE.bak.N` that is free.
    private func writeBackup() throws(CommandError) -> String {
        let holdsSecrets = keepsSecrets && !migration.secrets.isEmpty
        var status = stat()
        guard stat(path, &status) == 0 else { throw CommandError("read", path, errno: errno) }
        let mode = holdsSecrets ? 0o600 : status.st_mode & 0o777
        for number in 0..<Self.maximumBackups {
            let backup = number == 0 ? "\(path).bak" : "\(path).bak.\(number)"
            if Paths.exists(backup) { continue }
            if try Files.create(keepsSecrets ? source.bytes : migration.withoutSecrets, at: backup, mode: mode, place: .named) { return backup }
        }
        throw CommandError(
            "there are \(Self.maximumBackups) backups of \(path) already", hint: "move them away; nothing was changed but files for secrets",
            exitCode: ExitStatus.cannotCreate)
    }
}
