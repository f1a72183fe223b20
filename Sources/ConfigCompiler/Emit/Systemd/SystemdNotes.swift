import LaunchPlan

/// What systemd cannot do for a plan, and what is left to do by hand.
struct SystemdNotes {
    private let bindings: SystemdBindings
    private let names: SystemdNames
    private var lines: [String]
    private var secretFiles: Set<String> = []
    private var credentials: Set<String> = []
    private var unfound: Set<String> = []
    private var inHome: Set<String> = []
    private var shown: Set<String> = []
    private var lost: Set<String> = []
    private var isHomeUsed = false

    /// Said in the target's unit too.
    static let general = [
        "systemd does not replace a service while the old one serves: `systemctl restart` waits for the stop, then starts.",
        "There are no generations: nothing is rolled back where a change does not become healthy.",
        "What the plan checks before an apply (memory, ports, models, keys) is not checked; `anyclaude check-setup` shows it.",
        "Services are not started on demand and not adopted; requests for a worker that is not up yet fail until it is.",
        "Logs are the journal's: its own limits hold, not those of `logs`.",
    ]

    init(plan: LaunchPlan, bindings: SystemdBindings, names: SystemdNames) {
        self.bindings = bindings
        self.names = names
        lines = Self.general
        let alive = plan.services.filter { $0.probes.liveness != nil }.map(\.name)
        if !alive.isEmpty {
            lines.append("Liveness is not asked: a hung process of \(alive.joined(separator: ", ")) is not restarted, only one that ended.")
        }
        lines.append(
            "A restart waits the same time again and again (systemd 252 knows no backoff); what failed too often stays so until it is started by hand."
        )
        if plan.memoryBudgetBytes != nil {
            lines.append("The memory budget is for planning: each unit has its own MemoryMax where the file says one.")
        }
    }

    /// What holds for one service, for its unit.
    static func of(_ service: Service) -> [String] {
        var notes: [String] = []
        if service.notifies {
            notes.append("Active once the program says READY=1.")
        } else if service.probes.startup ?? service.probes.readiness != nil {
            notes.append("Active once it answers: ExecStartPost asks until it does.")
        } else {
            notes.append("Active once it runs: the plan has no question to ask it.")
        }
        if service.probes.liveness != nil { notes.append("The plan's liveness probe has no counterpart: a hung process is not restarted.") }
        if service.idle != nil { notes.append("The plan would start it on demand; here, it always runs.") }
        if service.store != nil { notes.append("What a kill leaves half written in its store is not removed before a start: then remove the store.") }
        if service.replace == .overlap {
            notes.append("The plan would replace it by overlap; here, clients wait in the socket's queue during a restart.")
        }
        if service.probes.readiness != nil, !service.notifies { notes.append("Readiness is asked at the start alone.") }
        return notes
    }

    mutating func add(_ context: SystemdService) {
        guard let secrets = try? SystemdSecrets(context), let commands = try? SystemdCommands(context, secrets) else { return }
        if let program = commands.unfound { unfound.insert(program) }
        for (_, reference) in secrets.credentials {
            switch reference {
            case .env(let variable): if let file = try? SystemdSecrets.file(variable, bindings) { secretFiles.insert(file) }
            case .credential(let name): credentials.insert(name)
            case .file: break
            }
        }
        guard bindings.manager == .system, let paths = try? context.mentionedPaths() else { return }
        inHome.formUnion(paths.filter(Hardening.isInHome))
        if context.mentionsHome { isHomeUsed = true }
        guard let folders = try? commands.folders() else { return }
        if let places = try? TemporaryPlaces.shown(to: context, writing: folders) { shown.formUnion(places) }
        lost.formUnion(TemporaryPlaces.lost(of: folders))
    }

    var all: [String] {
        let folder = "\(bindings.configurationFolder)/secrets"
        var result = lines
        result += secretFiles.sorted().map { file in
            "Put the value of \(PathText.lastComponent(file)) alone into \(file): "
                + "`install -d -m 700 \(folder)`, then `install -m 600 /dev/stdin \(file)` and type it, ended by Ctrl-D."
        }
        if !credentials.isEmpty {
            result.append(
                "Credentials (\(credentials.sorted().joined(separator: ", "))) come from the manager, or from /etc/credstore, /run/credstore and "
                    + "/usr/lib/credstore; the service starts without one that is missing, and says so itself.")
        }
        result += unfound.sorted().map { "`\($0)` was not found on PATH: systemd looks for it in the system's folders alone." }
        if !inHome.isEmpty {
            result.append(
                "The user `\(names.user)` must be able to read \(inHome.sorted().joined(separator: ", ")): "
                    + "homes are closed to others, so move it, as to /srv, or use --user.")
        }
        if !shown.isEmpty {
            result.append(
                "The user `\(names.user)` must be able to read \(shown.sorted().joined(separator: ", ")), which the units show to the services; "
                    + "what is there goes at a boot or with age, so move it, as to /srv.")
        }
        if !lost.isEmpty {
            result.append("What is written to \(lost.sorted().joined(separator: ", ")) is gone when the service stops: its /tmp is its own.")
        }
        if isHomeUsed { result.append("`~` is \(bindings.home) to the services: a system service has no home of a person.") }
        return result
    }
}
