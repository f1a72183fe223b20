import Glibc

/// The descriptors that a supervisor passed to this process, by name (sd_listen_fds(3): from 3 on, `LISTEN_FDS`, `LISTEN_FDNAMES`).
public struct InheritedDescriptors: Sendable, Equatable {
    public private(set) var byName: [String: CInt]
    /// In the order in which they were passed; several may have one name, as all of a socket unit's do.
    public private(set) var all: [CInt]

    init(byName: [String: CInt]) { self.init(byName: byName, all: byName.values.sorted()) }

    private init(byName: [String: CInt], all: [CInt]) {
        self.byName = byName
        self.all = all
    }

    /// Takes what `LISTEN_PID` says is meant for this process, marks each close-on-exec, and clears the variables, so that no
    /// child believes them.
    public static func take() -> InheritedDescriptors {
        func value(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
        defer { for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] { unsetenv(name) } }
        guard let count = value("LISTEN_FDS").flatMap({ Int32($0) }), count > 0, count < 1024 else { return InheritedDescriptors(byName: [:]) }
        if let pid = value("LISTEN_PID"), pid != String(getpid()) { return InheritedDescriptors(byName: [:]) }
        let names = (value("LISTEN_FDNAMES") ?? "").split(separator: ":", omittingEmptySubsequences: false)
        var byName: [String: CInt] = [:]
        var all: [CInt] = []
        for index in 0..<Int(count) {
            let descriptor = CInt(3 + index)
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            all.append(descriptor)
            byName[index < names.count && !names[index].isEmpty ? String(names[index]) : "unknown\(index)"] = descriptor
        }
        return InheritedDescriptors(byName: byName, all: all)
    }

    public subscript(name: String) -> CInt? { byName[name] }

    /// The whole content of a passed file, from its start; the descriptor is closed.
    ///
    /// - Parameter limit: the largest size that is believed, in bytes.
    public func contents(of name: String, limit: Int = 16 << 20) throws(ServingError) -> [UInt8] {
        guard let descriptor = byName[name] else {
            throw ServingError(
                "the descriptor `\(name)` was not passed",
                hint: "this program is started by anyclaude's supervisor, or by units of `anyclaude emit systemd`; see --help for running it alone")
        }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 64 << 10)
        var result: [UInt8] = []
        while true {
            let count = pread(descriptor, &bytes, bytes.count, off_t(result.count))
            if count < 0 {
                if errno == EINTR { continue }
                throw ServingError("cannot read the descriptor `\(name)`: \(String(cString: strerror(errno)))")
            }
            if count == 0 { return result }
            guard result.count + count <= limit else { throw ServingError("the descriptor `\(name)` holds more than \(limit) bytes") }
            result.append(contentsOf: bytes[..<count])
        }
    }
}
