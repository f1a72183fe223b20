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
        try SecretFiles.write(migration.secrets.map { SecretFiles.File($0, caller) })
        let backup = try writeBackup()
        try Files.replace(path, old: source.bytes, new: migration.bytes)
        return backup
    }

    /// Whether the backup has secrets in clear text, or what looks like one: those that moved where it keeps them, and those that did not.
    var isBackupSecret: Bool { migration.isSecretLeftInOld || (keepsSecrets && !migration.secrets.isEmpty) }

    private func writeBackup() throws(CommandError) -> String {
        try Backup.write(keepsSecrets ? source.bytes : migration.withoutSecrets, of: path, mode: isBackupSecret ? 0o600 : nil)
    }
}

extension SecretFiles.File {
    /// The file of a secret, on this machine.
    init(_ secret: Migration.Secret, _ caller: Caller) {
        let path = secret.path.hasPrefix("~/") ? Paths.absolute(String(secret.path.dropFirst(2)), in: caller.home) : caller.absolute(secret.path)
        self.init(path: path, contents: secret.contents)
    }
}
