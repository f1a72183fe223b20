import ConfigCompiler

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

    private func writeBackup() throws(CommandError) -> String {
        let holdsSecrets = keepsSecrets && !migration.secrets.isEmpty
        return try Backup.write(keepsSecrets ? source.bytes : migration.withoutSecrets, of: path, mode: holdsSecrets ? 0o600 : nil)
    }
}
