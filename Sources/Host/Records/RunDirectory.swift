import Glibc

/// The private folder of one run in the runtime directory: `<runtime>/<service>.<number>`.
///
///     run.json   `RunRecord`, for the next supervisor
///     notify     the datagram socket behind NOTIFY_SOCKET
///     output     the FIFO that is the process's standard output
///     <name>     its private listeners
///
/// Names are short: the path of a Unix socket has at most 107 bytes.
package struct RunDirectory: Equatable {
    package let path: String

    /// `<service>.<number>`.
    package var name: Substring { path.split(separator: "/").last ?? "" }
    package var record: String { "\(path)/run.json" }
    package var notify: String { "\(path)/notify" }
    package var output: String { "\(path)/output" }
    package func socket(_ name: String) -> String { "\(path)/\(name)" }

    /// A new folder with the first free number.
    package static func make(runtime: String, service: String) throws(OperationError) -> RunDirectory {
        try Folder.make(runtime)
        var number = 1
        while true {
            let path = "\(runtime)/\(service).\(number)"
            if FileCalls.makeFolder(path, 0o700) == 0 { return RunDirectory(path: path) }
            guard errno == EEXIST else { throw .system("cannot make \(path)", errno: errno, exitCode: 73) }
            number += 1
        }
    }

    package static func all(in runtime: String) -> [RunDirectory] {
        Folder.names(in: runtime).map { RunDirectory(path: "\(runtime)/\($0)") }.filter { access($0.record, F_OK) == 0 || $0.isRun }
    }

    /// Nothing else in the runtime directory has such a name.
    private var isRun: Bool {
        let parts = name.split(separator: ".")
        return parts.count == 2 && Int(parts[1]) != nil
    }
}
