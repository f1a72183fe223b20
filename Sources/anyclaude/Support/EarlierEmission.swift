import ConfigCompiler
import Glibc
import Host

/// The files in a tree that emit wrote for an instance, this time or an earlier one.
struct EarlierEmission {
    let instance: String
    let root: EmittedRoot
    /// More is a folder that is used for something else too.
    private static let maximumNames = 4096

    /// - Parameters:
    ///   - units: the manager's folder, which many share: what emit writes is in it, not below.
    ///   - configuration: the instance's own folder. What a service reads is one folder below; secrets are others' files, and are not read.
    /// - Returns: paths in the tree, sorted.
    func files(units: String, configuration: String) throws(CommandError) -> [String] {
        var files: [String] = []
        for folder in [units, configuration] {
            try root.check(folder)
            files += try marked(in: root.place(folder))
        }
        let own = root.place(configuration)
        for name in Folder.names(in: own) where name != "secrets" {
            guard try isFolder("\(own)/\(name)") else { continue }
            files += try marked(in: "\(own)/\(name)")
        }
        return files.sorted()
    }

    private func marked(in folder: String) throws(CommandError) -> [String] {
        let names = Folder.names(in: folder)
        guard names.count <= Self.maximumNames else {
            throw CommandError(
                "\(folder) has more than \(Self.maximumNames) names: too many to look for what emit wrote earlier",
                hint: "move away what anyclaude did not write", exitCode: ExitStatus.cannotCreate)
        }
        var paths: [String] = []
        for name in names {
            let path = "\(folder)/\(name)"
            if let bytes = try beginning(path), EmitMarker.marks(bytes, instance: instance) { paths.append(path) }
        }
        return paths
    }

    private func isFolder(_ path: String) throws(CommandError) -> Bool {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT { return false }
            throw CommandError("look at", path, errno: errno)
        }
        return status.st_mode & S_IFMT == S_IFDIR
    }

    /// As much of a regular file as the marker needs; nil for all that emit cannot have written: links, folders, what is not for everybody.
    private func beginning(_ path: String) throws(CommandError) -> [UInt8]? {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else {
            if [EACCES, ENOENT, ELOOP].contains(errno) { return nil }
            throw CommandError("read", path, errno: errno)
        }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: EmitMarker.maximumBytes)
        let count = pread(descriptor, &buffer, buffer.count, 0)
        guard count >= 0 else { throw CommandError("read", path, errno: errno) }
        return Array(buffer[..<count])
    }
}
