import Glibc

/// An address of a Unix or an IP socket.
package struct SocketAddress: Hashable, CustomStringConvertible {
    private var storage: [UInt8]

    /// Bytes of a Unix socket's path (unix(7)).
    package static let longestPath = 107

    /// Nil where the path is empty or too long.
    package init?(unix path: String) {
        guard !path.isEmpty, path.utf8.count <= Self.longestPath else { return nil }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        storage = withUnsafeBytes(of: &address) { Array($0.prefix(2 + path.utf8.count + 1)) }
    }

    /// - Throws: for a name that cannot be resolved. Numeric addresses ask nobody.
    package init(host: String, port: Int) throws(OperationError) {
        var hints = addrinfo()
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard (0...65535).contains(port) else { throw OperationError("\(port) is not a port", exitCode: 78) }
        let result = getaddrinfo(host, String(port), &hints, &list)
        defer { if let list { freeaddrinfo(list) } }
        guard result == 0, let first = list, let address = first.pointee.ai_addr else {
            throw OperationError("cannot resolve the host \(host): \(String(cString: gai_strerror(result)))", exitCode: 78)
        }
        storage = Array(UnsafeRawBufferPointer(start: address, count: Int(first.pointee.ai_addrlen)))
    }

    /// The address that a socket has; nil for one that has none.
    package init?(of descriptor: CInt) {
        var buffer = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = withUnsafeMutablePointer(to: &buffer) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        guard result == 0, length > 2 else { return nil }
        storage = withUnsafeBytes(of: &buffer) { Array($0.prefix(Int(length))) }
    }

    package var family: sa_family_t { storage.withUnsafeBytes { $0.loadUnaligned(as: sa_family_t.self) } }

    package mutating func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        var aligned = sockaddr_storage()
        let count = storage.count
        withUnsafeMutableBytes(of: &aligned) { $0.copyBytes(from: storage) }
        return withUnsafePointer(to: &aligned) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(count)) }
        }
    }

    /// Of an IP address.
    package var port: Int? {
        guard family == sa_family_t(AF_INET) || family == sa_family_t(AF_INET6) else { return nil }
        return Int(storage[2]) << 8 | Int(storage[3])
    }

    /// 4 or 16 bytes of an IP address.
    package var ipBytes: [UInt8]? {
        switch Int32(family) {
        case AF_INET: Array(storage[4..<8])
        case AF_INET6: Array(storage[8..<24])
        default: nil
        }
    }

    package var description: String {
        var copy = self
        var host = [CChar](repeating: 0, count: 128)
        let result = copy.withPointer { getnameinfo($0, $1, &host, socklen_t(host.count), nil, 0, NI_NUMERICHOST) }
        let text = result == 0 ? String(decoding: host.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self) : "?"
        return port.map { "\(text):\($0)" } ?? text
    }
}
