import Glibc

/// What a file held before a command rewrote it, beside it.
enum Backup {
    private static let maximum = 1000

    /// Writes `FILE.bak`, or the first `FILE.bak.N` that is free: an earlier backup is never overwritten.
    ///
    /// - Parameter mode: nil for that of the file.
    /// - Returns: the path of the backup.
    static func write(_ bytes: [UInt8], of path: String, mode: mode_t? = nil) throws(CommandError) -> String {
        var status = stat()
        guard stat(path, &status) == 0 else { throw CommandError("read", path, errno: errno) }
        for number in 0..<maximum {
            let backup = number == 0 ? "\(path).bak" : "\(path).bak.\(number)"
            if Paths.exists(backup) { continue }
            if try Files.create(bytes, at: backup, mode: mode ?? status.st_mode & 0o777, place: .named) { return backup }
        }
        throw CommandError(
            "there are \(maximum) backups of \(path) already", hint: "move them away; the file itself was not changed",
            exitCode: ExitStatus.cannotCreate)
    }
}
