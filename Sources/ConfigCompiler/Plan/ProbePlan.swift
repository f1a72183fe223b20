import LaunchPlan

/// The probes of a service: the engine's own questions, as the file's `health` changes them.
struct ProbePlan {
    let health: Section?
    let endpoint: Endpoint
    let host: String
    let startupTimeoutMs: Int

    func probes(startup: Probe.Check?, readiness: Probe.Check?, liveness: Probe.Check?) -> Probes {
        Probes(
            startup: self.startup(startup),
            readiness: probe(health?[HealthKeys.readiness], readiness, periodMs: 5000, timeoutMs: 5000),
            liveness: self.liveness(liveness))
    }

    /// A token costs the worker some work, and may have to wait for a computation that a client has left.
    private func liveness(_ own: Probe.Check?) -> Probe? {
        if case .post? = own { return probe(health?[HealthKeys.liveness], own, periodMs: 30_000, timeoutMs: 60_000) }
        return probe(health?[HealthKeys.liveness], own, periodMs: 10_000, timeoutMs: 10_000)
    }

    private func startup(_ own: Probe.Check?) -> Probe? {
        guard var probe = probe(health?[HealthKeys.startup], own, periodMs: 250, timeoutMs: 60_000) else { return nil }
        var deadline = startupTimeoutMs
        if case .section(let section)? = health?[HealthKeys.startup], let given = section[ProbeKeys.deadline] { deadline = given }
        probe.deadlineMs = deadline
        // One question may take as long as the whole start: a first token can.
        probe.timeoutMs = min(probe.timeoutMs, deadline)
        probe.failures = 1
        return probe
    }

    private func probe(_ choice: ProbeChoice?, _ own: Probe.Check?, periodMs: Int, timeoutMs: Int) -> Probe? {
        switch choice {
        case ProbeChoice.none?: return nil
        case nil: return own.map { Probe(check: $0, periodMs: periodMs, timeoutMs: timeoutMs, failures: 3) }
        case .section(let section)?:
            guard let check = check(section) ?? own else { return nil }
            let isStartup = section.scope.key(ProbeKeys.failures.name) == nil
            return Probe(
                check: check, periodMs: section[ProbeKeys.period] ?? periodMs,
                timeoutMs: isStartup ? timeoutMs : section[ProbeKeys.timeout] ?? timeoutMs,
                failures: section[ProbeKeys.failures] ?? 3)
        }
    }

    private func check(_ section: Section) -> Probe.Check? {
        if let path = section[ProbeKeys.http] { return .http(path: path, at: endpoint) }
        if let port = section[ProbeKeys.tcp] { return .tcp(at: .tcp(host: host, port: port)) }
        if let argv = section[ProbeKeys.exec] { return .exec(argv: argv.map { Arguments.value($0) }) }
        return nil
    }
}

/// Words of a command line.
enum Arguments {
    /// A word that begins with `./`, `../` or `~/` is a path and is resolved as one; every other word stays as it is.
    static func value(_ word: String) -> PlanValue {
        guard word.hasPrefix("./") || word.hasPrefix("../") || word.hasPrefix("~/"), let path = try? PathText.planPath(word) else {
            return .text(word)
        }
        return .path(path)
    }
}
