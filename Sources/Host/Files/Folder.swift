import Glibc

/// Folders.
package enum Folder {
    /// Makes `path` and what is missing above it, for its owner alone.
    package static func make(_ path: String, mode: mode_t = 0o700) throws(OperationError) {
        var status = stat()
        if stat(path, &status) == 0 {
            guard status.st_mode & S_IFMT == S_IFDIR else { throw OperationError("\(path) is not a directory", exitCode: 73) }
            return
        }
        if let slash = path.lastIndex(of: "/"), slash != path.startIndex { try make(String(path[..<slash]), mode: mode) }
        guard FileCalls.makeFolder(path, mode) == 0 || errno == EEXIST else { throw .system("cannot make \(path)", errno: errno, exitCode: 73) }
    }

    /// The names of `path` and of all folders above it are on the disk when this returns, whoever made them.
    package static func syncNames(_ path: String) throws(OperationError) {
        var place = path[...]
        while let slash = place.lastIndex(of: "/") {
            place = place[..<slash]
            let folder = place.isEmpty ? "/" : String(place)
            let directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            // One that may be passed but not read is somebody else's, and older than what is below it.
            if directory < 0, errno == EACCES { continue }
            guard directory >= 0 else { throw .system("cannot open \(folder)", errno: errno) }
            defer { close(directory) }
            guard FileCalls.syncFolder(directory, folder) == 0 else { throw .system("cannot write \(folder)", errno: errno) }
        }
    }

    /// The names in a folder, sorted; none where there is no folder.
    package static func names(in path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self) }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Removes a folder of ours with all that is in it. Symbolic links are removed, never followed.
    package static func remove(_ path: String) {
        for name in names(in: path) {
            let child = "\(path)/\(name)"
            var status = stat()
            if lstat(child, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { remove(child) } else { FileCalls.remove(child) }
        }
        FileCalls.removeFolder(path)
    }

    /// Nothing, or why a folder that is perhaps not there yet could not be made and written to. Makes nothing.
    package static func problemMaking(_ path: String) -> OperationError? {
        var status = stat()
        var place = path
        while stat(place, &status) != 0 {
            guard errno == ENOENT, let slash = place.lastIndex(of: "/"), place != "/" else { return .system("cannot look at \(place)", errno: errno) }
            place = slash == place.startIndex ? "/" : String(place[..<slash])
        }
        guard status.st_mode & S_IFMT == S_IFDIR else { return OperationError("\(place) is not a directory", exitCode: 73) }
        guard access(place, W_OK | X_OK) == 0 else { return .system("cannot write to \(place)", errno: errno) }
        return nil
    }

    /// Nothing, or why a file cannot be made in the folder.
    package static func problemWriting(to path: String) -> OperationError? {
        do throws(OperationError) { try make(path) } catch { return error }
        guard access(path, W_OK | X_OK) == 0 else { return .system("cannot write to \(path)", errno: errno) }
        return nil
    }
}
