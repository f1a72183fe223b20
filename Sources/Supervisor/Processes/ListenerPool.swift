import CProcess
import Glibc
import Host
import LaunchPlan

/// The listening sockets of the instance: bound once, passed to every process that serves them, closed when no service names
/// them any more. What systemd passed (socket activation, or the file descriptor store after a restart) is used by its address.
final class ListenerPool {
    private var inherited: [SocketAddress: CInt] = [:]
    private var open: [SocketAddress: CInt] = [:]
    private var reported: Set<SocketAddress> = []
    /// What the names meant under which listeners were bound: no resolver is asked again for them, nor believed.
    private var bound: [Name: SocketAddress] = [:]
    private let systemd: Systemd

    private struct Name: Hashable {
        var host: String
        var port: Int
    }

    init(inherited descriptors: [CInt], systemd: Systemd) {
        self.systemd = systemd
        for descriptor in descriptors {
            guard let address = SocketAddress(of: descriptor), address.port != nil else { continue }
            inherited[address] = descriptor
        }
    }

    /// All that must outlive this process, those too that nobody has asked for yet.
    var descriptors: [CInt] { Array(open.values) + Array(inherited.values) }

    /// In systemd's store, which forgets by name: of one address alone, and without a colon (sd_pid_notify_with_fds(3)).
    private static func name(_ address: SocketAddress) -> String { "listener-\(address.description.replacing(":", with: "_"))" }

    /// What was passed and nobody has asked for, each once.
    func newlyUnclaimed() -> [SocketAddress] {
        let found = inherited.keys.filter { !reported.contains($0) }
        reported.formUnion(found)
        return found.sorted { $0.description < $1.description }
    }

    func holds(_ address: SocketAddress) -> Bool { open[address] != nil || inherited[address] != nil }

    /// What a host and a port mean here: the address that was bound for them, as long as it is open.
    func address(host: String, port: Int) throws(OperationError) -> SocketAddress {
        if let address = bound[Name(host: host, port: port)], open[address] != nil { return address }
        return try SocketAddress(host: host, port: port)
    }

    /// - Throws: where the port is in use, with the process that has it.
    func descriptor(host: String, port: Int) throws(OperationError) -> CInt {
        let address = try address(host: host, port: port)
        defer { if open[address] != nil { bound[Name(host: host, port: port)] = address } }
        if let descriptor = open[address] { return descriptor }
        if let descriptor = inherited.removeValue(forKey: address) {
            open[address] = descriptor
            return descriptor
        }
        switch Sockets.listenTCP(address) {
        case .success(let descriptor):
            keep(descriptor, address)
            return descriptor
        case .failure(let failure): throw failure.explained(address)
        }
    }

    /// A listener that an adopted process still has: taken from it, so that nothing is bound twice and no connection is lost.
    ///
    /// Where a name stands for its address, the address is the one that it is bound to: the name may mean another by now, or nothing.
    func recover(from pidfd: CInt, number: CInt, host: String, port: Int) -> Bool {
        let expected = SocketAddress(numeric: host, port: port)
        if let expected, holds(expected) { return true }
        let descriptor = cprocess_pidfd_getfd(pidfd, number)
        guard descriptor >= 0 else { return false }
        var accepts: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        guard let address = SocketAddress(of: descriptor), address.port == port, expected == nil || address == expected,
            getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &length) == 0, accepts == 1
        else {
            close(descriptor)
            return false
        }
        if let passed = inherited.removeValue(forKey: address) {
            // The same one, by way of systemd or of the image before this one.
            close(descriptor)
            open[address] = passed
        } else if open[address] != nil {
            close(descriptor)
        } else {
            keep(descriptor, address)
        }
        bound[Name(host: host, port: port)] = address
        return true
    }

    private func keep(_ descriptor: CInt, _ address: SocketAddress) {
        open[address] = descriptor
        systemd.store([descriptor], name: Self.name(address))
    }

    /// Closes what no service of `services` names.
    func retain(_ services: [Service]) {
        let named = Set(
            services.flatMap(\.sockets).compactMap { socket -> SocketAddress? in
                guard case .tcp(let host, let port) = socket.address else { return nil }
                return try? address(host: host, port: port)
            })
        for (address, descriptor) in open where !named.contains(address) {
            systemd.forget(name: Self.name(address))
            close(descriptor)
            open[address] = nil
        }
        bound = bound.filter { open[$0.value] != nil }
    }
}
