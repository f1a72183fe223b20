import Glibc
import Host

/// The supervisor's own log on standard error: each transition once. Under systemd a line begins with its priority and has no time;
/// a file that is its own is exchanged when it is large.
struct SupervisorLog: Sendable {
    enum Level: Int, Sendable { case error = 3, warning = 4, notice = 5, info = 6 }

    /// Standard error is the journal.
    let isJournal: Bool
    /// Where standard error is the instance's `supervisor.log`, that one.
    private let file: String?

    static let maxBytes = 16 << 20
    static let maxFiles = 3

    /// - Parameter file: exchanged where standard error is that file.
    init(file: String? = nil) {
        isJournal = getenv("JOURNAL_STREAM") != nil
        self.file = file.flatMap { Self.isStandardError($0) ? $0 : nil }
    }

    func write(_ level: Level, _ text: String) {
        let prefix = isJournal ? "<\(level.rawValue)>" : "\(Clock.timestamp()) \(Self.name(level)) "
        // A log that cannot be written has nowhere to be reported; the work goes on.
        _ = AtomicFile.writeAll(Array("\(prefix)\(text)\n".utf8), to: STDERR_FILENO)
        if let file { exchange(file) }
    }

    private func exchange(_ file: String) {
        var status = stat()
        guard fstat(STDERR_FILENO, &status) == 0, status.st_size > Self.maxBytes, Self.isStandardError(file) else { return }
        LogFile.shift(file, keeping: Self.maxFiles)
        let descriptor = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return }
        dup2(descriptor, STDERR_FILENO)
        if isStandardOutput(status) { dup2(descriptor, STDOUT_FILENO) }
        close(descriptor)
    }

    /// Whatever a library prints belongs there too.
    private func isStandardOutput(_ error: stat) -> Bool {
        var output = stat()
        return fstat(STDOUT_FILENO, &output) == 0 && output.st_ino == error.st_ino && output.st_dev == error.st_dev
    }

    private static func isStandardError(_ file: String) -> Bool {
        var own = stat()
        var named = stat()
        return fstat(STDERR_FILENO, &own) == 0 && stat(file, &named) == 0 && own.st_ino == named.st_ino && own.st_dev == named.st_dev
    }

    private static func name(_ level: Level) -> String {
        switch level {
        case .error: "error:"
        case .warning: "warning:"
        case .notice, .info: "info:"
        }
    }
}
