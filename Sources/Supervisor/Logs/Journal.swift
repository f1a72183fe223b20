import CProcess
import Glibc
import Host

/// Lines of services for systemd's journal, each an entry with the fields `ANYCLAUDE_SERVICE` and `ANYCLAUDE_INSTANCE`, so that
/// `journalctl ANYCLAUDE_SERVICE=proxy` shows one service alone.
///
/// The native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL): a datagram of `FIELD=value` lines. Never waits: a journal that does not keep up
/// loses lines, and says how many; the log file has them all.
final class Journal {
    private let descriptor: CInt
    private let instance: String
    private var lost: [String: Int] = [:]

    static let socket = "/run/systemd/journal/socket"

    /// Nil where there is none.
    init?(instance: String, socket path: String = Journal.socket) {
        self.instance = instance
        guard var address = SocketAddress(unix: path) else { return nil }
        let descriptor = Glibc.socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        guard address.withPointer({ connect(descriptor, $0, $1) }) == 0 else {
            close(descriptor)
            return nil
        }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    func write(_ lines: [String], service: String) {
        for line in lines {
            if let count = lost[service], send("\(count) lines are missing here: the journal did not keep up", service, priority: 4) {
                lost[service] = nil
            }
            if !send(line, service, priority: 6) { lost[service, default: 0] += 1 }
        }
    }

    private func send(_ line: String, _ service: String, priority: Int) -> Bool {
        let entry = Self.entry(line, service: service, instance: instance, priority: priority)
        return Glibc.send(descriptor, entry, entry.count, CInt(MSG_NOSIGNAL)) == entry.count
    }

    /// - Parameter line: without a line break.
    static func entry(_ line: String, service: String, instance: String, priority: Int) -> [UInt8] {
        Array(
            "PRIORITY=\(priority)\nSYSLOG_IDENTIFIER=anyclaude-\(service)\nANYCLAUDE_SERVICE=\(service)\nANYCLAUDE_INSTANCE=\(instance)\nMESSAGE=\(line)\n"
                .utf8)
    }
}
