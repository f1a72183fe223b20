import Glibc

/// The folder that stands for `/` in an emitted tree. Where it is another one, all that is written stays in it: no link below it is followed.
struct EmittedRoot {
    /// Without a slash at its end; empty for `/` itself.
    private let prefix: String

    /// - Parameter path: absolute.
    init(_ path: String) { prefix = path == "/" ? "" : path }

    /// Where a file of the machine is in the tree.
    func place(_ path: String) -> String { prefix + path }

    /// - Parameter path: of the machine, absolute.
    /// - Throws: exit code 73 where a part of the path below the root is a symbolic link, or a folder on the way is none.
    func check(_ path: String) throws(CommandError) {
        var part = prefix
        for name in path.split(separator: "/") {
            let folder = part
            part += "/" + name
            var status = stat()
            guard lstat(part, &status) == 0 else {
                switch errno {
                // Neither is what would be below it.
                case ENOENT: return
                case ENOTDIR:
                    throw CommandError(
                        "\(folder) is no folder", hint: "move away what is there, or name another folder with --out DIR",
                        exitCode: ExitStatus.cannotCreate)
                default: throw CommandError("look at", part, errno: errno, place: .named)
                }
            }
            guard prefix.isEmpty || status.st_mode & S_IFMT != S_IFLNK else {
                throw CommandError(
                    "\(part) is a symbolic link, which may lead out of \(prefix)",
                    hint: "nothing was written; remove the link, or name another folder with --out DIR", exitCode: ExitStatus.cannotCreate)
            }
        }
    }

    /// Makes a folder and those above it, so that services of another user pass through.
    ///
    /// - Parameter path: in the tree.
    func makeFolder(_ path: String) throws(CommandError) {
        if Paths.exists(path) { return }
        try makeFolder(Paths.directory(of: path))
        guard mkdir(path, 0o755) == 0 else {
            if errno == EEXIST { return }
            throw CommandError("make the folder", path, errno: errno, place: .named)
        }
        guard chmod(path, 0o755) == 0 else { throw CommandError("open the folder", path, errno: errno, place: .named) }
    }
}
