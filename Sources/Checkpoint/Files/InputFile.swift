import Glibc

/// A regular file opened for reading, with the size it had then.
public struct InputFile: ~Copyable, Sendable {
    public let path: String
    public let size: Int
    private let descriptor: CInt

    public init(_ path: String) throws(CheckpointError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure("open", path) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw CheckpointError("is not a regular file", file: path)
        }
        self.path = path
        self.size = Int(status.st_size)
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Fills `buffer` from `offset` on; a file that ends before is an error.
    public func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(CheckpointError) {
        guard let base = buffer.baseAddress else { return }
        var done = 0
        while done < buffer.count {
            let count = pread(descriptor, base + done, buffer.count - done, off_t(offset + done))
            if count < 0 {
                if errno == EINTR { continue }
                throw Self.failure("read", path)
            }
            guard count > 0 else {
                throw CheckpointError(
                    "ends at byte \(offset + done), \(buffer.count - done) bytes are missing", hint: "download the file again", file: path)
            }
            done += count
        }
    }

    public func read(count: Int, at offset: Int) throws(CheckpointError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var failure: CheckpointError?
        bytes.withUnsafeMutableBytes { buffer in
            do throws(CheckpointError) { try read(into: buffer, at: offset) } catch { failure = error }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Tells the kernel that a range will not be read again, so that the page cache keeps no second copy of the weights.
    public func dropFromPageCache(_ range: Range<Int>) {
        posix_fadvise(descriptor, off_t(range.lowerBound), off_t(range.count), POSIX_FADV_DONTNEED)
    }

    private static func failure(_ action: String, _ path: String) -> CheckpointError {
        let code = errno
        let hint: String? =
            switch code {
            case EACCES: "let the user that runs anyclaude read it"
            case ENOENT: "check the path of the model"
            default: nil
            }
        return CheckpointError("cannot \(action): \(String(cString: strerror(code)))", hint: hint, file: path)
    }

    /// Whether a regular file (or a link to one) is at `path`.
    static func exists(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}
