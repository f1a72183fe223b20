import Glibc
import JSON
import LaunchPlan

/// The private folder of one run in the runtime directory: `<runtime>/<service>.<number>`.
///
///     run.json   `RunRecord`, for the next supervisor
///     notify     the datagram socket behind NOTIFY_SOCKET
///     output     the FIFO that is the process's standard output
///     <name>     its private listeners
///
/// Names are short: the path of a Unix socket has at most 107 bytes.
struct RunDirectory: Equatable {
    let path: String

    static let longestSocketPath = 107

    var record: String { "\(path)/run.json" }
    var notify: String { "\(path)/notify" }
    var output: String { "\(path)/output" }
    func socket(_ name: String) -> String { "\(path)/\(name)" }

    /// A new folder with the first free number.
    static func make(runtime: String, service: String) throws(SupervisorError) -> RunDirectory {
        try Folder.make(runtime)
        let prefix = "\(service)."
        let used = Folder.names(in: runtime).filter { $0.hasPrefix(prefix) }.compactMap { Int($0.dropFirst(prefix.count)) }
        let path = "\(runtime)/\(service).\((used.max() ?? 0) + 1)"
        guard mkdir(path, 0o700) == 0 else { throw .system("cannot make \(path)", errno: errno, exitCode: 73) }
        return RunDirectory(path: path)
    }

    static func all(in runtime: String) -> [RunDirectory] {
        Folder.names(in: runtime).map { RunDirectory(path: "\(runtime)/\($0)") }.filter { access($0.record, F_OK) == 0 || isRun($0.path) }
    }

    /// `<service>.<number>`: nothing else in the runtime directory has such a name.
    private static func isRun(_ path: String) -> Bool {
        let name = path.split(separator: "/").last ?? ""
        return name.split(separator: ".").count == 2 && Int(name.split(separator: ".")[1]) != nil
    }
}

/// What the next supervisor must know to adopt a run.
struct RunRecord: Codable, Sendable, Equatable {
    static let currentFormat = 1

    var format = RunRecord.currentFormat
    var pid: Int32
    /// With the pid it names the process for ever (`ProcFS.Stat.startTime`).
    var startTime: UInt64
    var identity: String
    var service: Service
    var bindings: [String: String]
    /// Was ready once.
    var ready: Bool
    /// Where each passed descriptor is in the process, by name.
    var descriptors: [String: Int32]
    /// Wall clock, RFC 3339, for people.
    var started: String
    /// Leases that the process holds, by its ids, and those of them that it has no endpoint for yet.
    var leases: [String: String] = [:]
    var waitingLeases: [Int] = []

    static func read(_ directory: RunDirectory) -> RunRecord? {
        guard let bytes = try? AtomicFile.read(directory.record) else { return nil }
        let record: RunRecord? = try? decode(bytes, directory.record)
        return record?.format == currentFormat ? record : nil
    }

    func write(_ directory: RunDirectory) throws(SupervisorError) {
        try AtomicFile.write(try encoded(self).bytes, to: directory.record, durable: false)
    }
}
