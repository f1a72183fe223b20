import Glibc

/// Arithmetic on paths, and the few calls on them that commands share.
enum Paths {
    static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// `path` without `.`, `..` and double slashes, from the root on. Symbolic links count as folders.
    static func absolute(_ path: String, in directory: String) -> String {
        var parts: [Substring] = []
        for part in (path.hasPrefix("/") ? path : "\(directory)/\(path)").split(separator: "/") {
            switch part {
            case ".": continue
            case "..": _ = parts.popLast()
            default: parts.append(part)
            }
        }
        return "/" + parts.joined(separator: "/")
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    static func isExecutable(_ path: String) -> Bool {
        var status = stat()
        return access(path, X_OK) == 0 && stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    /// Where the shell would find `program`.
    static func onPath(_ program: String, _ environment: [String: String]) -> String? {
        if program.contains("/") { return isExecutable(program) ? program : nil }
        return (environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":", omittingEmptySubsequences: false)
            .map { ($0.isEmpty ? "." : String($0)) + "/" + program }.first(where: isExecutable)
    }

    /// Makes a folder and those above it, for the user alone.
    ///
    /// - Parameter place: for the hint where it cannot be made.
    static func makeDirectory(_ path: String, place: WritePlace) throws(CommandError) {
        if mkdir(path, 0o700) == 0 || errno == EEXIST { return try requireDirectory(path, place) }
        guard errno == ENOENT else { throw CommandError("make the folder", path, errno: errno, place: place) }
        try makeDirectory(directory(of: path), place: place)
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw CommandError("make the folder", path, errno: errno, place: place) }
    }

    private static func requireDirectory(_ path: String, _ place: WritePlace) throws(CommandError) {
        var status = stat()
        guard stat(path, &status) == 0 else { throw CommandError("use the folder", path, errno: errno, place: place) }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw CommandError("use the folder", path, errno: ENOTDIR, place: place) }
    }
}
