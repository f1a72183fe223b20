import Glibc

/// Who listens on a TCP port, by `/proc/net/tcp` and the descriptors of processes.
package enum PortHolder {
    package struct Holder: Equatable {
        package var pid: Int32?
        package var command: String?

        package var text: String {
            guard let pid else { return "a process of another user or another container" }
            return "pid \(pid) (\(command ?? "?"))"
        }
    }

    /// - Returns: nil when nobody listens on the address, or on all addresses, with this port.
    package static func holder(of address: SocketAddress) -> Holder? {
        let inodes = listeners(of: address)
        guard !inodes.isEmpty else { return nil }
        for pid in ProcFS.pids where holds(pid, inodes) { return Holder(pid: pid, command: ProcFS.command(of: pid)) }
        return Holder(pid: nil, command: nil)
    }

    /// Whether one of the processes has a listener there: others may have it too, as a supervisor that passed it on.
    package static func isHeld(_ address: SocketAddress, by pids: Set<Int32>) -> Bool {
        let inodes = listeners(of: address)
        return !inodes.isEmpty && pids.contains { holds($0, inodes) }
    }

    private static func listeners(of address: SocketAddress) -> Set<String> {
        guard let port = address.port else { return [] }
        var inodes = Set<String>()
        for (table, size) in [("/proc/net/tcp", 4), ("/proc/net/tcp6", 16)] {
            guard let bytes = ProcFS.contents(table) else { continue }
            inodes.formUnion(listening(String(decoding: bytes, as: UTF8.self), port: port, ip: address.ipBytes, size: size))
        }
        return inodes
    }

    /// The inodes of listeners in a table of `/proc/net/tcp`'s form that an address collides with.
    package static func listening(_ table: String, port: Int, ip: [UInt8]?, size: Int) -> [String] {
        table.split(separator: "\n").dropFirst().compactMap { line in
            let fields = line.split(separator: " ", omittingEmptySubsequences: true)
            guard fields.count > 9, fields[3] == "0A" else { return nil }
            let local = fields[1].split(separator: ":")
            guard local.count == 2, Int(local[1], radix: 16) == port, let bytes = addressBytes(local[0]) else { return nil }
            let isAny = bytes.allSatisfy { $0 == 0 } || (ip ?? []).allSatisfy { $0 == 0 }
            guard isAny || (ip?.count == size && bytes == ip) else { return nil }
            return String(fields[9])
        }
    }

    /// Groups of four bytes, each printed as one number of the machine's byte order (little-endian on all that Swift runs on here).
    private static func addressBytes(_ text: Substring) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count % 8 == 0 else { return nil }
        var bytes: [UInt8] = []
        for start in stride(from: 0, to: digits.count, by: 8) {
            guard let word = UInt32(String(decoding: digits[start..<(start + 8)], as: UTF8.self), radix: 16) else { return nil }
            bytes += withUnsafeBytes(of: word) { Array($0) }
        }
        return bytes
    }

    private static func holds(_ pid: Int32, _ inodes: Set<String>) -> Bool {
        var buffer = [CChar](repeating: 0, count: 64)
        for name in Folder.names(in: "/proc/\(pid)/fd") {
            let count = readlink("/proc/\(pid)/fd/\(name)", &buffer, buffer.count)
            guard count > 9 else { continue }
            let target = String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
            if target.hasPrefix("socket:["), inodes.contains(String(target.dropFirst(8).dropLast())) { return true }
        }
        return false
    }
}
