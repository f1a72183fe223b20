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

    /// An address in figures, or the loopback's for the names that are always its (RFC 6761, section 6.3); another name's first one, for
    /// which the system's resolver is waited for as `HostNames` says.
    ///
    /// - Throws: for a name that cannot be resolved, or not in time.
    package init(host: String, port: Int) throws(OperationError) {
        guard (0...65535).contains(port) else { throw OperationError("\(port) is not a port", exitCode: 78) }
        if let address = SocketAddress(numeric: host, port: port) {
            self = address
        } else {
            self = try HostNames.shared.address(of: host)
            setPort(port)
        }
    }

    /// Without asking anybody; nil for a name of which only a resolver knows.
    package init?(numeric host: String, port: Int) {
        // The system's readers stop at a NUL.
        guard (0...65535).contains(port), !host.utf8.contains(0) else { return nil }
        let name = host.lowercased()
        let isLoopback = name == "localhost" || name.hasSuffix(".localhost")
        var short = sockaddr_in()
        var long = sockaddr_in6()
        if inet_pton(AF_INET, isLoopback ? "127.0.0.1" : name, &short.sin_addr) == 1 {
            short.sin_family = sa_family_t(AF_INET)
            storage = withUnsafeBytes(of: &short) { Array($0) }
        } else if inet_pton(AF_INET6, name, &long.sin6_addr) == 1 {
            long.sin6_family = sa_family_t(AF_INET6)
            storage = withUnsafeBytes(of: &long) { Array($0) }
        } else {
            return nil
        }
        setPort(port)
    }

    init(copying address: UnsafePointer<sockaddr>, _ length: socklen_t) {
        storage = Array(UnsafeRawBufferPointer(start: address, count: Int(length)))
    }

    /// Of an IP address: at the same place in both versions.
    private mutating func setPort(_ port: Int) {
        storage[2] = UInt8(port >> 8)
        storage[3] = UInt8(port & 255)
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
