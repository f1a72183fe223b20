import Glibc
import Host

/// Small files, read and written whole.
enum Files {
    /// - Parameter maximum: a file beyond it is refused.
    static func read(_ path: String, maximum: Int = 64 << 20) throws(CommandError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { throw CommandError("\(path): no such file", exitCode: ExitStatus.noInput) }
            throw CommandError("read", path, errno: errno)
        }
        defer { close(descriptor) }
        return try read(descriptor, path, maximum)
    }

    /// Whether the file's mode lets its group or everybody read it.
    static func isReadableByOthers(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & 0o044 != 0
    }

    /// All of standard input.
    static func readStandardInput(maximum: Int = 64 << 20) throws(CommandError) -> [UInt8] { try read(STDIN_FILENO, "standard input", maximum) }

    private static func read(_ descriptor: Int32, _ name: String, _ maximum: Int) throws(CommandError) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw CommandError("read", name, errno: errno)
            }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
            guard bytes.count <= maximum else { throw CommandError("\(name) is larger than \(maximum) bytes", exitCode: ExitStatus.inputOutput) }
        }
    }

    /// Writes a new file beside `path` and puts it in its place, so that a reader sees the old one or the new one.
    ///
    /// - Parameters:
    ///   - place: for the hint where it cannot be written.
    ///   - prepare: given the new file's descriptor before it has any contents; returns an `errno`, or 0.
    static func write(
        _ bytes: [UInt8], to path: String, mode: mode_t, place: WritePlace, prepare: (Int32) -> Int32 = { _ in 0 }
    ) throws(CommandError) {
        let temporary = "\(path).\(getpid()).tmp"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw CommandError("write", path, errno: errno, place: place) }
        var failure = prepare(descriptor)
        if failure == 0 { failure = AtomicFile.writeAll(bytes, to: descriptor) }
        if failure == 0, fsync(descriptor) != 0 { failure = errno }
        close(descriptor)
        if failure == 0, rename(temporary, path) != 0 { failure = errno }
        guard failure == 0 else {
            unlink(temporary)
            throw CommandError("write", path, errno: failure, place: place)
        }
    }

    /// The last lines of a text file, as far as its last `window` bytes hold them; none where it cannot be read.
    static func tail(_ path: String, lines: Int, window: Int = 16 << 10) -> [String] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        let size = lseek(descriptor, 0, SEEK_END)
        var buffer = [UInt8](repeating: 0, count: window)
        let count = pread(descriptor, &buffer, buffer.count, max(0, size - buffer.count))
        guard count > 0 else { return [] }
        return String(decoding: buffer[..<count], as: UTF8.self).split(separator: "\n").suffix(lines).map(String.init)
    }
}
