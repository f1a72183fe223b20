import Glibc
import Testing

/// A file whose opening by others waits, as on a disk that does not answer (fcntl(2), F_SETLEASE); the kernel ends that after 45 s.
final class FileLease {
    private static let set: CInt = 1024
    private var descriptor: CInt

    /// - Precondition: nobody has the file open.
    init(_ path: String) throws {
        // What tells the holder that somebody waits.
        signal(SIGIO, SIG_IGN)
        descriptor = open(path, O_RDWR | O_CLOEXEC)
        try #require(descriptor >= 0 && fcntl(descriptor, Self.set, CInt(F_WRLCK)) == 0, "\(String(cString: strerror(errno)))")
    }

    deinit { release() }

    func release() {
        guard descriptor >= 0 else { return }
        close(descriptor)
        descriptor = -1
    }
}
