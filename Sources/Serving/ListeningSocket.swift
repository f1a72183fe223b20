import Glibc

/// Listeners made by this process itself, for programs that run alone.
public enum ListeningSocket {
    /// How many connections wait to be accepted, as at the supervisor's own: all that come while one process replaces another.
    static let backlog: CInt = 1024

    /// A listening TCP socket on a numeric address or `localhost`; port 0 lets the system choose.
    ///
    /// - Throws: with who could be in the way when the port is in use, or the reason of the system.
    public static func bind(host: String, port: Int) throws(ServingError) -> (descriptor: CInt, port: Int) {
        var hints = addrinfo()
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard (0...65535).contains(port), getaddrinfo(host, String(port), &hints, &list) == 0, let first = list else {
            throw ServingError("cannot resolve the listening address \(host):\(port)")
        }
        defer { freeaddrinfo(list) }
        let descriptor = socket(first.pointee.ai_family, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw failure("open a socket for", host, port) }
        var one: CInt = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<CInt>.size))
        guard Glibc.bind(descriptor, first.pointee.ai_addr, first.pointee.ai_addrlen) == 0, listen(descriptor, backlog) == 0 else {
            let error = failure("listen on", host, port)
            close(descriptor)
            throw error
        }
        return (descriptor, boundPort(of: descriptor) ?? port)
    }

    /// Whether only this machine can connect to the listener: a Unix socket, 127.0.0.0/8, ::1, or the former in the latter's form.
    public static func isLoopback(_ descriptor: CInt) -> Bool {
        guard let storage = address(of: descriptor) else { return false }
        return withUnsafeBytes(of: storage) { bytes in
            switch Int32(storage.ss_family) {
            case AF_UNIX: return true
            case AF_INET: return UInt32(bigEndian: bytes.load(as: sockaddr_in.self).sin_addr.s_addr) >> 24 == 127
            case AF_INET6:
                let address = withUnsafeBytes(of: bytes.load(as: sockaddr_in6.self).sin6_addr) { Array($0) }
                if address.starts(with: Array(repeating: 0, count: 10) + [0xFF, 0xFF]) { return address[12] == 127 }
                return address == Array(repeating: 0, count: 15) + [1]
            default: return false
            }
        }
    }

    private static func address(of descriptor: CInt) -> sockaddr_storage? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        return result == 0 ? storage : nil
    }

    /// The port that a TCP listener has; nil for other sockets.
    public static func boundPort(of descriptor: CInt) -> Int? {
        guard let storage = address(of: descriptor) else { return nil }
        return withUnsafeBytes(of: storage) { bytes in
            switch Int32(storage.ss_family) {
            case AF_INET: Int(UInt16(bigEndian: bytes.load(as: sockaddr_in.self).sin_port))
            case AF_INET6: Int(UInt16(bigEndian: bytes.load(as: sockaddr_in6.self).sin6_port))
            default: nil
            }
        }
    }

    private static func failure(_ verb: String, _ host: String, _ port: Int) -> ServingError {
        let code = errno
        return ServingError(
            "cannot \(verb) \(host):\(port): \(String(cString: strerror(code)))",
            hint: code == EADDRINUSE ? "another program listens there: choose another port, or stop it (`ss -ltnp 'sport = :\(port)'` names it)" : nil
        )
    }
}
