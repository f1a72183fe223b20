import LaunchPlan

extension ServiceMachine {
    func probe(_ kind: ProbeKind) -> Probe? {
        switch kind {
        case .startup: service.probes.startup
        case .readiness: service.probes.readiness
        case .liveness: service.probes.liveness
        }
    }

    /// The next thing that a start waits for: the notification, the startup probe, the readiness probe, nothing.
    mutating func advanceStart(_ now: Int, _ actions: inout [ServiceAction]) {
        guard phase == .starting, let current = run, current.pid != nil else { return }
        if service.notifies, !current.notified { return }
        if service.probes.startup != nil, !current.startupPassed {
            actions.append(.arm(.probe(.startup), at: now))
        } else if service.probes.readiness != nil {
            actions.append(.arm(.probe(.readiness), at: now))
        } else {
            becomeReady(now, &actions)
        }
    }

    mutating func becomeReady(_ now: Int, _ actions: inout [ServiceAction]) {
        phase = .ready
        everReady = true
        if run?.readyAt == nil { run?.readyAt = now }
        problem = nil
        actions.append(.disarm(.startDeadline))
        for kind in [ProbeKind.readiness, .liveness] {
            if let probe = probe(kind) { actions.append(.arm(.probe(kind), at: Self.turn(of: probe, after: now))) }
        }
    }

    mutating func probed(_ kind: ProbeKind, _ result: ProbeResult, leased: Bool, _ now: Int, _ actions: inout [ServiceAction]) {
        guard let probe = probe(kind), phase != .ending else { return }
        let misses: Int
        switch result {
        case .passed: misses = 0
        case .failed(let reason, let timedOut):
            let isBusy = kind != .startup && timedOut && leased
            misses = (run?.misses[kind] ?? 0) + (isBusy ? 0 : 1)
            if phase != .ready || kind == .liveness { problem = "\(kind.rawValue) probe: \(reason)" }
        }
        run?.misses[kind] = misses
        switch (kind, phase) {
        case (.startup, .starting):
            if misses == 0 {
                run?.startupPassed = true
                advanceStart(now, &actions)
                return
            }
        case (.readiness, .starting), (.readiness, .unready):
            if misses == 0 {
                if phase == .starting {
                    becomeReady(now, &actions)
                    return
                }
                phase = .ready
                problem = nil
            }
        case (.readiness, .ready):
            if misses >= probe.failures, case .failed(let reason, _) = result {
                phase = .unready
                problem = "readiness probe: \(reason)"
            }
        case (.liveness, .ready), (.liveness, .unready):
            if misses >= probe.failures {
                end(.unhealthy, now, &actions)
                return
            }
        default: return
        }
        let next = phase == .starting ? now + pause(after: misses, of: probe) : Self.turn(of: probe, after: now)
        actions.append(.arm(.probe(kind), at: next))
    }

    /// Whether to ask now. A liveness question that is itself a request waits until no other is in flight: it would stand behind
    /// them, or be computed beside them in a server that cannot do two things at once.
    func asks(_ kind: ProbeKind, leased: Bool) -> Bool {
        guard leased, kind == .liveness, case .post? = probe(kind)?.check else { return true }
        return false
    }

    /// Soon again: between two requests there is not much time.
    mutating func deferred(_ kind: ProbeKind, _ now: Int, _ actions: inout [ServiceAction]) {
        guard let probe = probe(kind), phase == .ready || phase == .unready else { return }
        actions.append(.arm(.probe(kind), at: now + min(probe.periodMs, Self.deferredProbePauseMs)))
    }

    /// A start is looked at often in the beginning, so that a quick one is seen quickly.
    private func pause(after misses: Int, of probe: Probe) -> Int { min(probe.periodMs, Self.firstProbePauseMs << min(misses, 16)) }

    /// When a service that runs is asked next: at the multiple of the period that is nearest to one period from now, half a period away at
    /// the least. So the questions to all services with one period share one wake-up, and a slow answer does not shift those after it.
    ///
    /// Only questions that cost next to nothing: programs and requests that compute would get in each other's way if all began at once.
    static func turn(of probe: Probe, after now: Int) -> Int {
        let period = probe.periodMs
        switch probe.check {
        case .http, .tcp: return (now + period + period / 2) / period * period
        case .post, .exec: return now + period
        }
    }

    static let firstProbePauseMs = 50
    static let deferredProbePauseMs = 1000
}
