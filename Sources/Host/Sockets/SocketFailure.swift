import Glibc

/// An errno of a socket that could not be made, bound or connected.
package struct SocketFailure: Error {
    package var code: CInt

    /// Why nothing can listen on `address`, with the process that does where one does.
    package func explained(_ address: SocketAddress) -> OperationError {
        guard code == EADDRINUSE else {
            return .system(
                "cannot listen on \(address)", errno: code,
                hint: code == EACCES ? "ports below 1024 need CAP_NET_BIND_SERVICE: choose a higher one" : nil, exitCode: 74)
        }
        let holder = PortHolder.holder(of: address)?.text ?? "a process that has just ended"
        return OperationError(
            "port \(address.port ?? 0) is in use: \(holder) listens on \(address)",
            hint: "stop that process, or choose another port in the configuration",
            exitCode: 74)
    }
}
