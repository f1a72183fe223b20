import CProcess
import Glibc
import Host
import LaunchPlan

/// A service's log: its output as it came, at the end, rotated by size: `name`, `name.1` (newest) to `name.<maxFiles>`.
final class LogFile {
    let path: String
    var policy = LogPolicy()
    private var file: CInt = -1
    /// Read from a pipe that nothing can be moved from, and not written yet.
    private var unwritten: [UInt8] = []

    init(path: String) { self.path = path }

    deinit { if file >= 0 { close(file) } }

    /// 0, or an errno: all of the bytes are in the log then, or none.
    func append(_ bytes: [UInt8]) -> CInt {
        let (end, problem) = end(for: bytes.count)
        guard problem == 0 else { return problem }
        let code = bytes.withUnsafeBytes { buffer in
            var done = 0
            while done < buffer.count {
                let written = pwrite(file, buffer.baseAddress?.advanced(by: done), buffer.count - done, off_t(end + done))
                if written < 0, errno == EINTR { continue }
                guard written > 0 else { return written == 0 ? ENOSPC : errno }
                done += written
            }
            return 0
        }
        if code != 0 { _ = ftruncate(file, off_t(end)) }
        return code
    }

    enum Move {
        case moved([UInt8])
        /// There is nothing to move.
        case nothing
        /// An errno; what was not written is still in the pipe.
        case failed(CInt)
    }

    /// Moves what is in a pipe to the log, at most `limit` bytes. None of it is in this process's memory alone at any time: a supervisor that
    /// is killed between a read and a write would take it along.
    func move(from pipe: CInt, limit: Int = 64 << 10) -> Move {
        if !unwritten.isEmpty { return writeUnwritten() }
        let waiting = cprocess_pipe_count(pipe)
        guard waiting != 0 else { return .nothing }
        guard waiting > 0 else { return .failed(-waiting) }
        let most = min(Int(waiting), limit)
        let (end, problem) = end(for: most)
        guard problem == 0 else { return .failed(problem) }
        let count = cprocess_pipe_move(pipe, file, off_t(end), most)
        if count == -Int(EAGAIN) || count == 0 { return .nothing }
        // A file system that cannot be moved to, by splice(2).
        if count == -Int(EINVAL) { return copy(from: pipe, most) }
        guard count > 0 else { return .failed(CInt(-count)) }
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            initialized = max(0, pread(file, buffer.baseAddress, count, off_t(end)))
        }
        return .moved(bytes)
    }

    private func copy(from pipe: CInt, _ most: Int) -> Move {
        let bytes = [UInt8](unsafeUninitializedCapacity: most) { buffer, initialized in initialized = max(0, read(pipe, buffer.baseAddress, most)) }
        guard !bytes.isEmpty else { return .nothing }
        unwritten = bytes
        return writeUnwritten()
    }

    private func writeUnwritten() -> Move {
        let bytes = unwritten
        let code = append(bytes)
        guard code == 0 else { return .failed(code) }
        unwritten = []
        return .moved(bytes)
    }

    /// Where the next bytes go, in a file that has room for them by the policy; or an errno.
    private func end(for count: Int) -> (end: Int, problem: CInt) {
        if file < 0 {
            let code = reopen()
            if code != 0 { return (0, code) }
        }
        // Not what was written so far: somebody may have cut the file.
        var status = stat()
        guard fstat(file, &status) == 0 else { return (0, errno) }
        guard status.st_size > 0, Int(status.st_size) + count > policy.maxBytes else { return (Int(status.st_size), 0) }
        rotate()
        let code = reopen()
        guard code == 0, fstat(file, &status) == 0 else { return (0, code == 0 ? errno : code) }
        return (Int(status.st_size), 0)
    }

    private func reopen() -> CInt {
        if file >= 0 { close(file) }
        // Not for appending, to which nothing can be moved: there is one writer.
        file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        return file >= 0 ? 0 : errno
    }

    private func rotate() {
        guard policy.maxFiles > 0 else {
            _ = ftruncate(file, 0)
            return
        }
        Self.shift(path, keeping: policy.maxFiles)
    }

    /// `path` becomes `path.1`, and each older file the next one; the oldest goes.
    static func shift(_ path: String, keeping files: Int) {
        for number in stride(from: files - 1, through: 1, by: -1) { rename("\(path).\(number)", "\(path).\(number + 1)") }
        rename(path, "\(path).1")
    }
}

/// The end of a log, across its rotation.
enum LogTail {
    /// A look back costs at most this much of each file.
    static let window = 4 << 20
    static let maximumLines = 10_000

    static func lines(_ count: Int, of path: String) -> [String] {
        let wanted = min(max(count, 0), maximumLines)
        var lines = tail(path)
        if lines.count < wanted { lines = tail("\(path).1") + lines }
        return lines.suffix(wanted).map { String(decoding: $0, as: UTF8.self) }
    }

    private static func tail(_ path: String) -> [ArraySlice<UInt8>] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return [] }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { return [] }
        let start = max(0, Int(status.st_size) - window)
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size) - start)
        let count = pread(file, &bytes, bytes.count, off_t(start))
        guard count > 0 else { return [] }
        let lines = bytes[..<count].split(separator: 0x0A, omittingEmptySubsequences: true)
        // The first line of a window that begins within the file is half a line.
        return start > 0 ? Array(lines.dropFirst()) : lines
    }
}
