import JSON
import LaunchPlan

/// The command lines of a unit.
struct SystemdCommands {
    let context: SystemdService
    let secrets: SystemdSecrets
    /// A program that was not found on PATH, so that systemd looks for it in the system's folders.
    private(set) var unfound: String?
    /// The program and its arguments, without the shell that a secret may need.
    private let words: [String]

    init(_ context: SystemdService, _ secrets: SystemdSecrets) throws(EmitError) {
        self.context = context
        self.secrets = secrets
        var words: [String] = []
        for value in context.service.argv { words.append(try context.text(value, "an argument")) }
        guard let name = words.first, !name.isEmpty else {
            throw EmitError("the service \(context.service.name) has no program", hint: "make the plan again")
        }
        if name.contains("/"), !name.hasPrefix("/") {
            words[0] = "\(try Self.directory(context))/\(name)"
        } else if !name.hasPrefix("/") {
            if let path = context.bindings.programs[name] { words[0] = path } else { unfound = name }
        }
        self.words = words
    }

    var start: String { SystemdQuoting.command(secrets.script.map { ["/bin/sh", "-c", $0] + words } ?? words) }

    static func directory(_ context: SystemdService) throws(EmitError) -> String {
        try context.service.directory.map { path throws(EmitError) in try context.path(path) } ?? context.bindings.config
    }

    /// Folders that must be there before the program starts.
    func folders() throws(EmitError) -> [String] {
        var folders: [String] = []
        for check in context.plan.preflight where check.service == context.service.name {
            if case .writableDirectory(let path) = check.requirement { folders.append(try context.path(path)) }
        }
        // systemd makes those of a system service by itself.
        if context.bindings.manager == .user { folders += [context.bindings.state, context.bindings.cache, context.bindings.logs] }
        return Set(folders).sorted()
    }

    /// The start's last step, so that a unit is active once the program answers; nil where it says so by itself or running is enough.
    func startupProbe() throws(EmitError) -> String? {
        let service = context.service
        guard !service.notifies, let probe = service.probes.startup ?? service.probes.readiness else { return nil }
        let deadline = probe.deadlineMs ?? 120_000
        let words = [
            "\(context.bindings.bin)/anyclaude", "probe", "--deadline", String(deadline), "--period", String(probe.periodMs), "--timeout",
            String(min(probe.timeoutMs, deadline)),
        ]
        // The probe gives up with the process that it waits for.
        return (words.map(SystemdQuoting.expandedWord) + ["--pid", "${MAINPID}"] + (try question(probe.check)).map(SystemdQuoting.expandedWord))
            .joined(separator: " ")
    }

    private func question(_ check: Probe.Check) throws(EmitError) -> [String] {
        switch check {
        case .http(let path, let endpoint): return ["--get", path] + (try address(endpoint))
        case .post(let path, let body, let endpoint): return ["--post", path, "--body", body] + (try address(endpoint))
        case .tcp(let endpoint): return try address(endpoint)
        case .exec(let argv):
            var words: [String] = []
            for value in argv { words.append(try context.text(value, "a probe")) }
            if let name = words.first, let path = context.bindings.programs[name] { words[0] = path }
            return ["--"] + words
        }
    }

    private func address(_ endpoint: Endpoint) throws(EmitError) -> [String] {
        switch endpoint {
        case .tcp(let host, let port): return ["--host", SystemdAddress.reachable(host), "--port", String(port)]
        case .socket(let name):
            guard let socket = context.service.sockets.first(where: { $0.name == name }) else {
                throw EmitError("\(context.service.name) has no socket `\(name)` to be probed at", hint: "make the plan again")
            }
            switch socket.address {
            case .tcp(let host, let port): return try address(.tcp(host: host, port: port))
            case .private: return ["--unix", "\(context.bindings.runtime)/\(context.names.stack)/\(context.service.name).\(name)"]
            }
        }
    }
}
