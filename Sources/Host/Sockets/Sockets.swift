import CProcess
import Glibc

/// Making and naming sockets.
package enum Sockets {
    /// A listening socket in the file system, for its owner alone.
    package static func listenUnix(_ path: String, backlog: CInt = 64) throws(OperationError) -> CInt {
        let descriptor = try bindUnix(path, listening)
        guard listen(descriptor, backlog) == 0 else {
            let code = errno
            close(descriptor)
            throw .system("cannot listen on \(path)", errno: code)
        }
        return descriptor
    }

    /// A datagram socket that learns who sends.
    package static func notifySocket(_ path: String) throws(OperationError) -> CInt {
        let descriptor = try bindUnix(path, flags(SOCK_DGRAM))
        var one: CInt = 1
        setsockopt(descriptor, SOL_SOCKET, SO_PASSCRED, &one, socklen_t(MemoryLayout<CInt>.size))
        return descriptor
    }

    private static func bindUnix(_ path: String, _ type: CInt) throws(OperationError) -> CInt {
        let descriptor = socket(AF_UNIX, type, 0)
        guard descriptor >= 0 else { throw .system("cannot make a socket", errno: errno) }
        guard var address = SocketAddress(unix: path) else {
            close(descriptor)
            throw OperationError(
                "the path of a socket is longer than \(SocketAddress.longestPath) bytes: \(path)",
                hint: "choose a shorter runtime directory with ANYCLAUDE_HOME or XDG_RUNTIME_DIR", exitCode: 73)
        }
        unlink(path)
        // Between bind and chmod nobody else may connect.
        let before = umask(0o177)
        defer { umask(before) }
        guard address.withPointer({ bind(descriptor, $0, $1) }) == 0 else {
            let code = errno
            close(descriptor)
            throw .system("cannot make the socket \(path)", errno: code, exitCode: 73)
        }
        return descriptor
    }

    /// A connected pair of stream sockets.
    package static func pair() throws(OperationError) -> (CInt, CInt) {
        var pair: [CInt] = [-1, -1]
        guard socketpair(AF_UNIX, flags(SOCK_STREAM), 0, &pair) == 0 else { throw .system("cannot make a socket pair", errno: errno) }
        return (pair[0], pair[1])
    }

    package static func listenTCP(_ address: SocketAddress) -> Result<CInt, SocketFailure> {
        var address = address
        let descriptor = socket(CInt(address.family), listening, 0)
        guard descriptor >= 0 else { return .failure(SocketFailure(code: errno)) }
        var one: CInt = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<CInt>.size))
        guard address.withPointer({ bind(descriptor, $0, $1) }) == 0, listen(descriptor, 1024) == 0 else {
            let code = errno
            close(descriptor)
            return .failure(SocketFailure(code: code))
        }
        return .success(descriptor)
    }

    /// A socket that has begun to connect: writable when it is done.
    package static func connect(_ address: SocketAddress) -> Result<CInt, SocketFailure> {
        var address = address
        let descriptor = socket(CInt(address.family), flags(SOCK_STREAM), 0)
        guard descriptor >= 0 else { return .failure(SocketFailure(code: errno)) }
        if address.withPointer({ Glibc.connect(descriptor, $0, $1) }) != 0, errno != EINPROGRESS {
            let code = errno
            close(descriptor)
            return .failure(SocketFailure(code: code))
        }
        return .success(descriptor)
    }

    /// The outcome of an operation that has ended.
    package static func error(of descriptor: CInt) -> CInt {
        var code: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length) == 0 ? code : errno
    }

    /// Blocking: the supervisor never accepts, and a program that is passed a listener expects it so, as from systemd.
    private static let listening = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)

    private static func flags(_ type: __socket_type) -> CInt {
        CInt(type.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
    }
}
