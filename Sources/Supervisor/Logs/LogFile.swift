import Glibc
import Host
import LaunchPlan

/// A service's log: its output as it came, appended, rotated by size: `name`, `name.1` (newest) to `name.<maxFiles>`.
final class LogFile {
    let path: String
    var policy = LogPolicy()
    private var file: CInt = -1
    private var size = 0

    init(path: String) { self.path = path }

    deinit { if file >= 0 { close(file) } }

    /// 0, or an errno; nothing or all of the bytes is in the log then, but for a disk that fills up in between.
    func append(_ bytes: [UInt8]) -> CInt {
        if file < 0 {
            let code = reopen()
            if code != 0 { return code }
        }
        if size > 0, size + bytes.count > policy.maxBytes {
            rotate()
            let code = reopen()
            if code != 0 { return code }
        }
        let code = AtomicFile.writeAll(bytes, to: file)
        if code == 0 { size += bytes.count }
        return code
    }

    private func reopen() -> CInt {
        if file >= 0 { close(file) }
        file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { return errno }
        var status = stat()
        size = fstat(file, &status) == 0 ? Int(status.st_size) : 0
        return 0
    }

    private func rotate() {
        guard policy.maxFiles > 0 else {
            _ = ftruncate(file, 0)
            return
        }
        unlink("\(path).\(policy.maxFiles)")
        for number in stride(from: policy.maxFiles - 1, through: 1, by: -1) { rename("\(path).\(number)", "\(path).\(number + 1)") }
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
