import Glibc

/// Secrets as files of their owner alone: 0600, in a folder that nobody else writes to. What is there already is never overwritten.
enum SecretFiles {
    struct File {
        var path: String
        var contents: [UInt8]
    }

    /// Writes all of them, or none where one of them cannot be: whether there is room for each is looked at first.
    static func write(_ files: [File]) throws(CommandError) {
        var missing: [File] = []
        for file in files where try !isThere(file) { missing.append(file) }
        for file in missing {
            try requireFolder(Paths.directory(of: file.path))
            guard try Files.create(file.contents, at: file.path, mode: 0o600, place: .secrets) else { throw taken(file.path) }
        }
    }

    /// Whether nothing is there, or the same contents. What cannot be looked at is left to `write`, which says why.
    static func isAvailable(_ file: File) -> Bool {
        var status = stat()
        guard lstat(file.path, &status) == 0 else { return true }
        guard status.st_mode & S_IFMT == S_IFREG, let contents = try? Files.read(file.path) else { return false }
        return contents == file.contents
    }

    /// Whether the file is there with the same contents, for its owner alone.
    private static func isThere(_ file: File) throws(CommandError) -> Bool {
        var status = stat()
        guard lstat(file.path, &status) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { return false }
            throw CommandError("look at", file.path, errno: errno)
        }
        guard status.st_mode & S_IFMT == S_IFREG, try Files.read(file.path) == file.contents else { throw taken(file.path) }
        if status.st_mode & 0o077 != 0, chmod(file.path, 0o600) != 0 { throw CommandError("change the mode of", file.path, errno: errno) }
        return true
    }

    private static func taken(_ path: String) -> CommandError {
        CommandError(
            "\(path) exists already, with other contents",
            hint: "nothing was written; run the command again, which takes another name, or name another folder with --secrets DIR",
            exitCode: ExitStatus.cannotCreate)
    }

    private static func requireFolder(_ path: String) throws(CommandError) {
        try Paths.makeDirectory(path, place: .secrets)
        var status = stat()
        guard stat(path, &status) == 0 else { throw CommandError("use the folder", path, errno: errno, place: .secrets) }
        guard status.st_uid == geteuid() || status.st_uid == 0, status.st_mode & 0o022 == 0 else {
            throw CommandError(
                "other users can write to \(path)", hint: "make it yours with `chmod 700`, or name another folder with --secrets DIR",
                exitCode: ExitStatus.noPermission)
        }
    }
}
