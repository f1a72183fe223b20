import Glibc

extension Files {
    /// Writes a file at once: a reader sees all of it or nothing.
    ///
    /// - Parameter replacing: without it, a file that has appeared meanwhile stays, and the call throws (exit code 73).
    static func create(_ bytes: [UInt8], at path: String, replacing: Bool) throws(CommandError) {
        if replacing { return try write(bytes, to: path, mode: 0o644) }
        let temporary = "\(path).\(getpid()).new"
        try write(bytes, to: temporary, mode: 0o644)
        defer { unlink(temporary) }
        // A link, unlike a rename, never takes the place of another file.
        guard link(temporary, path) == 0 else {
            if errno == EEXIST {
                throw CommandError("\(path) is there already", hint: "--force overwrites it", exitCode: ExitStatus.cannotCreate)
            }
            throw CommandError("write", path, errno: errno, creating: true)
        }
    }
}
