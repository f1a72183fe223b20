import Glibc

/// The notify protocol of sd_notify(3), spoken to whoever supervises this process: systemd or anyclaude's supervisor.
enum SupervisorNotification {
    /// Where the supervisor listens; nil where nobody asked.
    static var socket: String? { getenv("NOTIFY_SOCKET").map { String(cString: $0) } }

    /// Sends `NAME=value` lines as one datagram.
    ///
    /// - Throws: when the socket cannot be reached, or does not take more now (EAGAIN): nobody is waited for.
    static func send(_ assignments: [String], to socket: String) throws(ServingError) {
        let path = Array(socket.utf8)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        guard !path.isEmpty, path.count < capacity else { throw ServingError("NOTIFY_SOCKET is not a usable socket address") }
        withUnsafeMutableBytes(of: &address.sun_path) { buffer in
            buffer.copyBytes(from: path)
            // A leading @ is systemd's spelling of the abstract name space.
            if path[0] == UInt8(ascii: "@") { buffer[0] = 0 }
        }
        let descriptor = Glibc.socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw failure() }
        defer { close(descriptor) }
        let message = Array(assignments.joined(separator: "\n").utf8)
        let length = socklen_t(MemoryLayout.offset(of: \sockaddr_un.sun_path).map { $0 + path.count } ?? 0)
        let sent = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, message, message.count, CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT), $0, length)
            }
        }
        guard sent == message.count else { throw failure() }
    }

    private static func failure() -> ServingError {
        let code = errno
        let hint: String? =
            switch code {
            case ECONNREFUSED, ENOENT: "it does not live; the next one will ask"
            case EAGAIN: "it does not read what it is told"
            default: nil
            }
        return ServingError("cannot notify the supervisor: \(String(cString: strerror(code)))", hint: hint, code: code)
    }
}
