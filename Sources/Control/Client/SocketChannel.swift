import Glibc

/// A stream socket: non-blocking, closed with its last reference, and not passed on to other programs.
public final class SocketChannel: ByteChannel {
    private let handle: Int32

    private init(_ handle: Int32) { self.handle = handle }

    deinit { close(handle) }

    public var descriptor: Int32? { handle }

    /// Connects to a Unix socket.
    public static func unix(path: String, by deadline: Deadline) throws(ControlClientError) -> SocketChannel {
        var address = sockaddr_un()
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        guard path.utf8.count < capacity else {
            throw ControlClientError(
                .unreachable, "the socket's path is \(path.utf8.count) bytes long, the system allows \(capacity - 1): \(path)",
                hint: "set ANYCLAUDE_HOME to a shorter path")
        }
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let channel = try open(AF_UNIX)
        let code = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                channel.connect($0, socklen_t(MemoryLayout<sockaddr_un>.size), by: deadline)
            }
        }
        guard code == 0 else { throw failure(code, at: path) }
        return channel
    }

    /// Connects to the first address of `host` that answers.
    public static func tcp(host: String, port: Int, by deadline: Deadline) throws(ControlClientError) -> SocketChannel {
        var last = ECONNREFUSED
        for name in host == "localhost" ? ["127.0.0.1", "::1"] : [host] {
            let list = try addresses(of: name, port)
            defer { freeaddrinfo(list) }
            var next = list
            while let entry = next {
                let channel = try open(entry.pointee.ai_family)
                last = channel.connect(entry.pointee.ai_addr, entry.pointee.ai_addrlen, by: deadline)
                if last == 0 { return channel }
                next = entry.pointee.ai_next
            }
        }
        throw failure(last, at: "\(host):\(port)")
    }

    /// An address needs no resolver: a program without shared libraries would have to load the machine's, which need not fit it.
    private static func addresses(of host: String, _ port: Int) throws(ControlClientError) -> UnsafeMutablePointer<addrinfo>? {
        var wanted = addrinfo()
        wanted.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        var found = EAI_NONAME
        for flags in [AI_NUMERICSERV | AI_NUMERICHOST, AI_NUMERICSERV] where found == EAI_NONAME {
            wanted.ai_flags = flags
            found = getaddrinfo(host, String(port), &wanted, &list)
        }
        guard found == 0 else {
            throw ControlClientError(.unreachable, "cannot find the address of \(host): \(String(cString: gai_strerror(found)))")
        }
        return list
    }

    private static func open(_ family: Int32) throws(ControlClientError) -> SocketChannel {
        let handle = socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        guard handle >= 0 else { throw ControlClientError(.unreachable, "cannot open a socket: \(errorText(errno))", exitCode: 74) }
        return SocketChannel(handle)
    }

    /// 0, or the reason as an errno.
    private func connect(_ address: UnsafePointer<sockaddr>?, _ length: socklen_t, by deadline: Deadline) -> Int32 {
        while Glibc.connect(handle, address, length) != 0 {
            switch errno {
            case EISCONN: return 0
            case EINTR: continue
            case EAGAIN:
                // A Unix listener whose queue is full: there is nothing to wait on but time.
                guard !deadline.hasPassed else { return ETIMEDOUT }
                _ = poll(nil, 0, 10)
            case EINPROGRESS, EALREADY:
                guard wait(for: POLLOUT, by: deadline) else { return ETIMEDOUT }
                var code: Int32 = 0
                var size = socklen_t(MemoryLayout<Int32>.size)
                guard getsockopt(handle, SOL_SOCKET, SO_ERROR, &code, &size) == 0 else { return errno }
                return code
            default: return errno
            }
        }
        return 0
    }

    public func send(_ bytes: [UInt8], by deadline: Deadline?) throws(ControlClientError) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.send(handle, buffer.baseAddress?.advanced(by: sent), bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count >= 0 {
                sent += count
                continue
            }
            switch errno {
            case EINTR: continue
            case EAGAIN:
                guard wait(for: POLLOUT, by: deadline) else { throw ControlClientError(.timedOut, "the server does not take the request") }
            default: throw ControlClientError(.disconnected, "the connection broke while the request was sent: \(errorText(errno))")
            }
        }
    }

    public func receive(by deadline: Deadline?) throws(ControlClientError) -> [UInt8] {
        while true {
            var count = 0
            let bytes = [UInt8](unsafeUninitializedCapacity: 65536) { buffer, filled in
                count = read(handle, buffer.baseAddress, 65536)
                filled = max(0, count)
            }
            if count >= 0 { return bytes }
            switch errno {
            case EINTR: continue
            case EAGAIN: guard wait(for: POLLIN, by: deadline) else { throw ControlClientError(.timedOut, "no answer in time") }
            default: throw ControlClientError(.disconnected, "the connection broke: \(errorText(errno))")
            }
        }
    }

    private func wait(for event: Int32, by deadline: Deadline?) -> Bool {
        while true {
            var entry = pollfd(fd: handle, events: Int16(event), revents: 0)
            let ready = poll(&entry, 1, deadline.map { Int32(clamping: $0.remainingMs) } ?? -1)
            if ready > 0 { return true }
            if let deadline, deadline.hasPassed { return false }
        }
    }

    private static func failure(_ code: Int32, at place: String) -> ControlClientError {
        switch code {
        case ENOENT, ECONNREFUSED, ENOTDIR: ControlClientError(.unreachable, "nothing listens at \(place)")
        case EACCES, EPERM: ControlClientError(.denied, "no permission to use \(place)", hint: "run the command as the user who owns it")
        case ETIMEDOUT: ControlClientError(.timedOut, "\(place) does not answer")
        default: ControlClientError(.unreachable, "cannot connect to \(place): \(errorText(code))", exitCode: 74)
        }
    }
}
