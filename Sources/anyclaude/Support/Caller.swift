import Glibc
import Host

/// Who runs the command: environment, folder, and where our programs are. Read once, then a value.
struct Caller: Sendable {
    var environment: [String: String]
    var directory: String
    /// The folder of this program: the others are beside it.
    var programs: String

    static func current() throws(CommandError) -> Caller {
        var environment = ProcessEnvironment.current
        guard let folder = getcwd(nil, 0) else { throw CommandError("find", "the current folder", errno: errno) }
        defer { free(folder) }
        let directory = String(cString: folder)
        // The supervisor must find the same place, wherever it runs.
        if let home = environment["ANYCLAUDE_HOME"], !home.isEmpty { environment["ANYCLAUDE_HOME"] = Paths.absolute(home, in: directory) }
        return Caller(environment: environment, directory: directory, programs: Paths.directory(of: try executable()))
    }

    private static func executable() throws(CommandError) -> String {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        guard count > 0 else { throw CommandError("read", "/proc/self/exe", errno: errno) }
        return String(decoding: buffer[..<count], as: UTF8.self)
    }

    var home: String { environment["HOME"] ?? "/" }

    /// How much is said about what is done: `ANYCLAUDE_DEBUG`, 0 to 3.
    var verbosity: Int { min(3, max(0, Int(environment["ANYCLAUDE_DEBUG"] ?? "") ?? 0)) }

    /// Started by systemd's manager rather than by a person.
    var isService: Bool { environment["NOTIFY_SOCKET"] != nil || environment["STATE_DIRECTORY"] != nil }

    func isSet(_ variable: String) -> Bool {
        switch environment[variable]?.lowercased() {
        case nil, "", "0", "false", "no": false
        default: true
        }
    }

    func absolute(_ path: String) -> String { Paths.absolute(path, in: directory) }
}
