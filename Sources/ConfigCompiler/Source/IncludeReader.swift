import Glibc

/// Reads the files that a configuration includes: below one folder, without following symbolic links, regular files only.
public struct IncludeReader: Sendable {
    /// - Parameters:
    ///   - path: the names of the folders and the file, without `.` and `..`.
    ///   - maximumBytes: nothing beyond it is ever held.
    public typealias Read = @Sendable (_ path: [String], _ maximumBytes: Int) throws(ConfigFileError) -> [UInt8]
    let read: Read

    public init(read: @escaping Read) { self.read = read }

    /// For texts that have no folder.
    public static let none = IncludeReader { (_: [String], _: Int) throws(ConfigFileError) -> [UInt8] in
        throw ConfigFileError(message: "nothing can be included here", hint: "name a file with -f", exitCode: 66, code: .noFile)
    }

    /// - Parameter directory: of the including configuration; it may itself be reached through a link.
    public static func folder(_ directory: String) -> IncludeReader {
        IncludeReader { (path: [String], maximumBytes: Int) throws(ConfigFileError) -> [UInt8] in
            try readBelow(directory.isEmpty ? "." : directory, path, maximumBytes)
        }
    }

    /// One folder after another by its descriptor, so that nothing that is exchanged meanwhile leads outside.
    private static func readBelow(_ directory: String, _ path: [String], _ maximumBytes: Int) throws(ConfigFileError) -> [UInt8] {
        let shown = path.joined(separator: "/")
        var folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw ConfigurationFile.failure(errno, directory) }
        defer { close(folder) }
        for name in path.dropLast() {
            let next = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            guard next >= 0 else { throw failure(errno, folder, name, shown) }
            close(folder)
            folder = next
        }
        guard let name = path.last else { throw ConfigurationFile.failure(ENOENT, shown) }
        let descriptor = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(errno, folder, name, shown) }
        defer { close(descriptor) }
        return try ConfigurationFile.readRegular(descriptor, shown, maximumBytes)
    }

    private static func failure(_ number: Int32, _ folder: Int32, _ name: String, _ shown: String) -> ConfigFileError {
        var status = stat()
        if number == ELOOP || number == ENOTDIR, fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0, status.st_mode & S_IFMT == S_IFLNK {
            return ConfigFileError(
                message: "\(shown) leads through the symbolic link `\(name)`", hint: "name the file itself", exitCode: 66, code: .notAFile)
        }
        return ConfigurationFile.failure(number, shown)
    }
}
