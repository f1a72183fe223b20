import Glibc
import Host

/// The supervisor's own log on standard error: each transition once. Under systemd a line begins with its priority and has no time.
struct SupervisorLog: Sendable {
    enum Level: Int, Sendable { case error = 3, warning = 4, notice = 5, info = 6 }

    /// Standard error is the journal.
    let isJournal: Bool

    init() { isJournal = getenv("JOURNAL_STREAM") != nil }

    func write(_ level: Level, _ text: String) {
        let prefix = isJournal ? "<\(level.rawValue)>" : "\(Clock.timestamp()) \(Self.name(level)) "
        // A log that cannot be written has nowhere to be reported; the work goes on.
        _ = AtomicFile.writeAll(Array("\(prefix)\(text)\n".utf8), to: STDERR_FILENO)
    }

    private static func name(_ level: Level) -> String {
        switch level {
        case .error: "error:"
        case .warning: "warning:"
        case .notice, .info: "info:"
        }
    }
}
