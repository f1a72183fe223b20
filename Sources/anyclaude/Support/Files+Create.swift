import Glibc
import Host

extension Files {
    /// Makes a new file that is whole from its first moment, on the disk when this returns. What exists is never touched.
    ///
    /// - Parameters:
    ///   - mode: nil for what the caller's umask leaves of 0644.
    ///   - place: for the hint where it cannot be written.
    /// - Returns: false where `path` exists already.
    static func create(_ bytes: [UInt8], at path: String, mode: mode_t?, place: WritePlace) throws(CommandError) -> Bool {
        let temporary = "\(path).\(getpid()).tmp"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode == nil ? 0o644 : 0o600)
        guard descriptor >= 0 else { throw CommandError("write", path, errno: errno, place: place) }
        defer { unlink(temporary) }
        var failure: Int32 = 0
        if let mode, fchmod(descriptor, mode) != 0 { failure = errno }
        if failure == 0 { failure = AtomicFile.writeAll(bytes, to: descriptor) }
        if failure == 0, fsync(descriptor) != 0 { failure = errno }
        close(descriptor)
        guard failure == 0 else { throw CommandError("write", path, errno: failure, place: place) }
        // Unlike a rename, a link never takes another file's place.
        guard link(temporary, path) == 0 else {
            if errno == EEXIST { return false }
            throw CommandError("write", path, errno: errno, place: place)
        }
        try synchronize(directoryOf: path, place)
        return true
    }

    private static func synchronize(directoryOf path: String, _ place: WritePlace) throws(CommandError) {
        let folder = Paths.directory(of: path)
        let directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw CommandError("write", folder, errno: errno, place: place) }
        defer { close(directory) }
        guard fsync(directory) == 0 else { throw CommandError("write", folder, errno: errno, place: place) }
    }
}
