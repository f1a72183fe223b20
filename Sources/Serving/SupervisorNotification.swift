import Glibc

/// The notify protocol of sd_notify(3), spoken to whoever supervises this process: systemd or anyclaude's supervisor.
public enum SupervisorNotification {
    /// Sends `NAME=value` lines as one datagram to `NOTIFY_SOCKET`. Without that variable nobody asked, and nothing is sent.
    ///
    /// - Throws: when there is a socket and it cannot be reached: a lost READY=1 would look like a hang.
    public static func send(_ assignments: [String]) throws(ServingError) {
        guard let raw = getenv("NOTIFY_SOCKET") else { return }
        let path = Array(String(cString: raw).utf8)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        guard !path.isEmpty, path.count < capacity else { throw ServingError("NOTIFY_SOCKET is not a usable socket address") }
        withUnsafeMutableBytes(of: &address.sun_path) { buffer in
            buffer.copyBytes(from: path)
            // A leading @ is systemd's spelling of the abstract name space.
            if path[0] == UInt8(ascii: "@") { buffer[0] = 0 }
        }
        let descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw failure() }
        defer { close(descriptor) }
        let message = Array(assignments.joined(separator: "\n").utf8)
        let length = socklen_t(MemoryLayout.offset(of: \sockaddr_un.sun_path).map { $0 + path.count } ?? 0)
        let sent = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { sendto(descriptor, message, message.count, CInt(MSG_NOSIGNAL), $0, length) }
        }
        guard sent == message.count else { throw failure() }
    }

    /// The service can take requests.
    public static func ready(status: String? = nil) throws(ServingError) {
        try send(["READY=1"] + (status.map { ["STATUS=\($0)"] } ?? []))
    }

    /// One line for people about what the service does now.
    public static func status(_ text: String) throws(ServingError) { try send(["STATUS=\(text)"]) }

    /// The service drains and will end.
    public static func stopping() throws(ServingError) { try send(["STOPPING=1"]) }

    private static func failure() -> ServingError { ServingError("cannot notify the supervisor: \(String(cString: strerror(errno)))") }
}
