import LaunchPlan

/// Where an emitted tree will live: which manager runs the units, and where the plan's roots are for it.
public struct SystemdBindings: Sendable, Equatable {
    public enum Manager: Sendable, Equatable { case system, user }

    public var manager: Manager
    /// The configuration's folder, absolute and without symbolic links.
    public var config: String
    /// The folder of our own programs.
    public var bin: String
    /// What `~` means to the services.
    public var home: String
    public var state: String
    public var cache: String
    public var logs: String
    /// Where the manager makes a service's runtime directory: `/run`, or the user's own.
    public var runtime: String
    public var unitFolder: String
    /// Where settings, generated files and secrets of this instance are.
    public var configurationFolder: String
    /// Programs that were found on PATH, by the names that plans use.
    public var programs: [String: String]

    /// For the machine's own manager: a user of the instance's own, made by systemd, whose home is its state.
    public static func system(instance: String, config: String, bin: String, programs: [String: String] = [:]) -> SystemdBindings {
        let name = SystemdNames(instance: instance).stack
        return SystemdBindings(
            manager: .system, config: config, bin: bin, home: "/var/lib/\(name)", state: "/var/lib/\(name)", cache: "/var/cache/\(name)",
            logs: "/var/log/\(name)", runtime: "/run", unitFolder: "/etc/systemd/system", configurationFolder: "/etc/anyclaude/\(instance)",
            programs: programs)
    }

    /// For a user's own manager: state, cache and logs stay where `apply` keeps them.
    ///
    /// - Parameters:
    ///   - settingsHome: `$XDG_CONFIG_HOME`, or `~/.config`.
    ///   - runtime: `$XDG_RUNTIME_DIR`.
    public static func user(
        instance: String, config: String, bin: String, home: String, settingsHome: String, runtime: String,
        state: String, cache: String, logs: String, programs: [String: String] = [:]
    ) -> SystemdBindings {
        SystemdBindings(
            manager: .user, config: config, bin: bin, home: home, state: state, cache: cache, logs: logs, runtime: runtime,
            unitFolder: "\(settingsHome)/systemd/user", configurationFolder: "\(settingsHome)/anyclaude/\(instance)", programs: programs)
    }

    /// The plan's roots for one service: its runtime directory is its own, since systemd removes it when the service stops.
    func roots(_ names: SystemdNames, service: String) -> PlanPath.Bindings {
        [
            .config: config, .home: home, .state: state, .cache: cache, .logs: logs, .bin: bin,
            .runtime: "\(runtime)/\(names.runtimeDirectory(service))",
        ]
    }
}

/// What the units of an instance are called. No name of one instance is that of another: names have no dots.
struct SystemdNames {
    let instance: String

    /// The name of the folders that systemd makes for the instance.
    var stack: String { "anyclaude-\(instance)" }
    var target: String { "\(stack).target" }
    func unit(_ service: String) -> String { "\(stack).\(service).service" }
    func socket(_ service: String, _ socket: String) -> String { "\(stack).\(service).\(socket).socket" }
    func runtimeDirectory(_ service: String) -> String { "\(stack)/\(service)" }

    /// One user for all services of the instance, since they share folders. The names of users have at most 31 characters.
    var user: String { stack.utf8.count <= 31 ? stack : "anyclaude-\(Fingerprint.hex(of: instance))" }
}
