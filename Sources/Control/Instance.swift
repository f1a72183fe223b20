import LaunchPlan

/// Where one stack keeps what it needs on this machine.
///
/// A user's stack lives below `~/.anyclaude` (or `ANYCLAUDE_HOME`); under systemd the unit's directories are used. Any instance
/// but `default` has folders of its own below those.
public struct Instance: Sendable, Equatable {
    public var name: String
    public var state: String
    public var cache: String
    public var logs: String
    public var runtime: String

    public static let defaultName = "default"

    public init(name: String, state: String, cache: String, logs: String, runtime: String) {
        self.name = name
        self.state = state
        self.cache = cache
        self.logs = logs
        self.runtime = runtime
    }

    /// - Parameter environment: HOME, ANYCLAUDE_HOME, XDG_RUNTIME_DIR, and systemd's STATE_DIRECTORY, CACHE_DIRECTORY,
    ///   LOGS_DIRECTORY and RUNTIME_DIRECTORY are read.
    public init(name: String, environment: [String: String]) {
        func systemd(_ variable: String) -> String? {
            environment[variable].flatMap { $0.split(separator: ":").first.map(String.init) }
        }
        let suffix = name == Self.defaultName ? "" : "/instances/\(name)"
        let home = environment["ANYCLAUDE_HOME"].flatMap { $0.isEmpty ? nil : $0 }
        let base = home ?? "\(environment["HOME"] ?? "/")/.anyclaude"
        let state = (systemd("STATE_DIRECTORY") ?? base) + suffix
        let runtime: String
        if let directory = systemd("RUNTIME_DIRECTORY") {
            runtime = directory + suffix
        } else if home == nil, let directory = environment["XDG_RUNTIME_DIR"], !directory.isEmpty {
            runtime = "\(directory)/anyclaude\(suffix)"
        } else {
            runtime = "\(base)/run\(suffix)"
        }
        self.init(
            name: name, state: state, cache: systemd("CACHE_DIRECTORY").map { $0 + suffix } ?? "\(state)/cache",
            logs: systemd("LOGS_DIRECTORY").map { $0 + suffix } ?? "\(state)/logs", runtime: runtime)
    }

    /// Lower-case letters, digits and `-`, at most 32: a name becomes a folder, and must not lead out of its own.
    public static func isName(_ name: String) -> Bool {
        (1...32).contains(name.utf8.count) && !name.hasPrefix("-")
            && name.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-") }
    }

    public var controlSocket: String { "\(runtime)/control.sock" }

    /// The control socket of the machine's own stack, which is asked before a user's own is started.
    public static let systemControlSocket = "/run/anyclaude/control.sock"

    /// `ANYCLAUDE_SCOPE=user`: a user's own stack is meant, also where the machine has one. The units of a user's manager say so.
    public static let scopeVariable = "ANYCLAUDE_SCOPE"

    /// Where the control socket of `name` may be, in the order in which they are asked.
    ///
    /// The machine's own stack goes before the user's: it has the port, and a user who may not speak to it is refused there. That is so
    /// for root in every place, so what means its own must say it: with ANYCLAUDE_HOME or ANYCLAUDE_SCOPE.
    public static func controlSockets(_ name: String, environment: [String: String]) -> [String] {
        let own = Instance(name: name, environment: environment).controlSocket
        let isSaid = !(environment["ANYCLAUDE_HOME"] ?? "").isEmpty || environment[scopeVariable] == "user"
        return name != defaultName || isSaid || own == systemControlSocket ? [own] : [systemControlSocket, own]
    }
}
