import Glibc

/// A file of lines that are only ever added: `path`, then `path.1` (the newest of the old ones) to `path.<oldFiles>`; readable by its
/// owner alone.
///
/// A proxy that drains and its successor may both write it: each write is whole lines at the file's end, and who exchanges the files
/// holds a lock on the present one.
final class RotatingFile {
    let path: String
    private let maximumBytes: Int
    private let oldFiles: Int
    private var file: CInt = -1
    /// The last write was cut off within a line.
    private var isTorn = false

    init(path: String, maximumBytes: Int, oldFiles: Int) {
        self.path = path
        self.maximumBytes = maximumBytes
        self.oldFiles = oldFiles
    }

    deinit { if file >= 0 { close(file) } }

    /// - Parameter lines: whole ones, each with its end.
    /// - Returns: 0, or an errno where they are not, or not all, in the file.
    func append(_ lines: [UInt8]) -> CInt {
        let code = prepare(for: lines.count)
        guard code == 0 else { return code }
        let bytes = isTorn ? [0x0A] + lines : lines
        var done = 0
        while done < bytes.count {
            let written = bytes.withUnsafeBytes { write(file, $0.baseAddress?.advanced(by: done), bytes.count - done) }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else {
                isTorn = done > 0 || isTorn
                return written == 0 ? ENOSPC : errno
            }
            done += written
        }
        isTorn = false
        return 0
    }

    /// Opens the file that is at the path now, and exchanges it where it is full.
    private func prepare(for count: Int) -> CInt {
        for _ in 0..<4 {
            if file < 0 || !isCurrent {
                let code = reopen()
                guard code == 0 else { return code }
            }
            var status = stat()
            guard fstat(file, &status) == 0 else { return errno }
            guard status.st_size > 0, Int(status.st_size) + count > maximumBytes else { return 0 }
            guard flock(file, LOCK_EX) == 0 else { return errno }
            // Another process may have exchanged it just now.
            if isCurrent { exchange() }
            flock(file, LOCK_UN)
        }
        return 0
    }

    /// The open file is the one at the path.
    private var isCurrent: Bool {
        var opened = stat()
        var named = stat()
        return fstat(file, &opened) == 0 && stat(path, &named) == 0 && opened.st_ino == named.st_ino && opened.st_dev == named.st_dev
    }

    private func reopen() -> CInt {
        if file >= 0 { close(file) }
        file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        return file >= 0 ? 0 : errno
    }

    private func exchange() {
        guard oldFiles > 0 else {
            _ = ftruncate(file, 0)
            return
        }
        for number in stride(from: oldFiles - 1, through: 1, by: -1) { rename("\(path).\(number)", "\(path).\(number + 1)") }
        rename(path, "\(path).1")
    }
}
