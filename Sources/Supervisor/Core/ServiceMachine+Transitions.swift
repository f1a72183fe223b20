import Control
import LaunchPlan

extension ServiceMachine {
    /// - Parameter now: milliseconds on a clock that never goes back.
    public mutating func handle(_ event: ServiceEvent, now: Int) -> [ServiceAction] {
        let before = state
        var actions: [ServiceAction] = []
        switch event {
        case .start: start(&actions)
        case .stop: stop(now, &actions)
        case .drain: drain(now, &actions)
        case .restart: restart(now, &actions)
        case .demand:
            if phase == .idle {
                phase = .waiting
                problem = nil
            }
        case .rest(let reason): rest(reason, now, &actions)
        case .dependenciesReady: if phase == .waiting { spawn(now, &actions) }
        case .adopted(let pid, let ready): adopt(pid, ready: ready, now, &actions)
        case .timer(let timer): fire(timer, now, &actions)
        case .spawned(let id, let pid):
            if id == run?.id {
                run?.pid = pid
                advanceStart(now, &actions)
            }
        case .spawnFailed(let id, let reason): if id == run?.id { spawnFailed(reason, now, &actions) }
        case .exited(let id, let status): if id == run?.id { exited(status, now, &actions) }
        case .gone(let id): if id == run?.id { gone(now, &actions) }
        case .notifiedReady(let id):
            if id == run?.id, phase == .starting, run?.notified == false {
                run?.notified = true
                advanceStart(now, &actions)
            }
        case .notifiedStatus(let id, let text): if id == run?.id { statusText = text }
        case .probed(let id, let kind, let result, let leased):
            if id == run?.id { probed(kind, result, leased: leased, now, &actions) }
        case .deferred(let id, let kind): if id == run?.id { deferred(kind, now, &actions) }
        }
        if state != before { actions.append(.changed(state)) }
        return actions
    }

    private mutating func start(_ actions: inout [ServiceAction]) {
        goal = .run
        switch phase {
        case .stopped, .backoff, .failed:
            actions.append(.disarm(.retry))
            phase = isOnDemand ? .idle : .waiting
        case .idle, .waiting, .starting, .ready, .unready, .ending: break
        }
    }

    private mutating func rest(_ reason: String, _ now: Int, _ actions: inout [ServiceAction]) {
        guard isOnDemand, goal == .run else { return }
        switch phase {
        case .waiting: phase = .idle
        case .starting, .ready, .unready:
            problem = reason
            end(.rested, now, &actions)
        case .stopped, .idle, .ending, .backoff, .failed: break
        }
    }

    private mutating func stop(_ now: Int, _ actions: inout [ServiceAction]) {
        goal = .stop
        switch phase {
        case .stopped: break
        case .ending: if run?.isDraining == true { end(.asked, now, &actions) }
        case .idle, .waiting: phase = .stopped
        case .backoff, .failed:
            actions.append(.disarm(.retry))
            phase = .stopped
        case .starting, .ready, .unready: end(.asked, now, &actions)
        }
    }

    private mutating func drain(_ now: Int, _ actions: inout [ServiceAction]) {
        guard phase == .starting || phase == .ready || phase == .unready else { return stop(now, &actions) }
        goal = .stop
        end(.asked, draining: true, now, &actions)
    }

    private mutating func restart(_ now: Int, _ actions: inout [ServiceAction]) {
        goal = .run
        switch phase {
        case .starting, .ready, .unready: end(.asked, now, &actions)
        case .ending: run?.cause = .asked
        case .stopped, .idle, .waiting, .backoff, .failed: start(&actions)
        }
    }

    private mutating func adopt(_ pid: Int32, ready: Bool, _ now: Int, _ actions: inout [ServiceAction]) {
        guard phase == .stopped else { return }
        goal = .run
        starts += 1
        var adopted = Run(id: starts, pid: pid, startedAt: now)
        // Its READY=1 went with the supervisor that it was sent to, or to none: a probe tells the same, and a process that never says it
        // again must not be ended for its silence.
        adopted.notified = ready || probe(.startup) != nil || probe(.readiness) != nil
        adopted.startupPassed = ready
        run = adopted
        phase = .starting
        if ready {
            becomeReady(now, &actions)
        } else {
            actions.append(.arm(.startDeadline, at: now + startDeadlineMs))
            advanceStart(now, &actions)
        }
    }

    mutating func spawn(_ now: Int, _ actions: inout [ServiceAction]) {
        starts += 1
        statusText = nil
        run = Run(id: starts, pid: nil, startedAt: now)
        phase = .starting
        actions.append(.spawn(run: starts))
        actions.append(.arm(.startDeadline, at: now + startDeadlineMs))
    }

    /// The run is to end. Its timers go; the one for the next signal stays until `gone`.
    mutating func end(_ cause: Cause, draining: Bool = false, _ now: Int, _ actions: inout [ServiceAction]) {
        guard let id = run?.id else { return }
        run?.cause = cause
        run?.isDraining = draining
        phase = .ending
        disarmRunTimers(&actions)
        actions.append(draining ? .drain(run: id) : .terminate(run: id))
        actions.append(.arm(.stopDeadline, at: now + (draining ? max(LeaseReply.drainMs, service.stop.timeoutMs) : service.stop.timeoutMs)))
    }

    private mutating func spawnFailed(_ reason: String, _ now: Int, _ actions: inout [ServiceAction]) {
        problem = reason
        disarmRunTimers(&actions)
        if phase != .ending { run?.cause = .crashed }
        finishRun(now, &actions)
    }

    private mutating func exited(_ status: ExitStatus, _ now: Int, _ actions: inout [ServiceAction]) {
        lastExit = status
        run?.leaderExited = true
        guard phase != .ending, let id = run?.id else { return }
        run?.cause = .crashed
        phase = .ending
        problem = "ended by itself (\(status))"
        disarmRunTimers(&actions)
        // Nobody is left to drain: what the process left behind goes at once.
        actions.append(.kill(run: id))
        actions.append(.arm(.stopDeadline, at: now + Self.killRetryMs))
    }

    private mutating func gone(_ now: Int, _ actions: inout [ServiceAction]) {
        // A group that is empty has no leader: the exit was missed or comes later, and must not count twice.
        if phase != .ending {
            run?.cause = .crashed
            lastExit = .unknown
            problem = "ended by itself (unknown)"
            disarmRunTimers(&actions)
        }
        finishRun(now, &actions)
    }

    private mutating func finishRun(_ now: Int, _ actions: inout [ServiceAction]) {
        guard let ended = run else { return }
        actions.append(.disarm(.stopDeadline))
        run = nil
        let wasAsked = ended.cause == .asked || ended.cause == .rested
        if !wasAsked {
            failures += 1
            if !everReady { failuresBeforeReady += 1 }
        }
        guard goal == .run else {
            phase = .stopped
            return
        }
        if ended.cause == .rested {
            phase = .idle
            return
        }
        if wasAsked {
            spawn(now, &actions)
            return
        }
        switch backoff.next(ranForMs: now - ended.startedAt, now: now) {
        case .after(0): spawn(now, &actions)
        case .after(let delay):
            phase = .backoff
            actions.append(.arm(.retry, at: now + delay))
        case .giveUp(let delay):
            phase = .failed
            problem =
                "gave up after \(service.restart.failures + 1) failures within \(service.restart.withinMs / 1000) s: \(problem ?? "unknown reason")"
            actions.append(.arm(.retry, at: now + delay))
        }
    }

    private mutating func fire(_ timer: ServiceTimer, _ now: Int, _ actions: inout [ServiceAction]) {
        switch timer {
        case .retry:
            guard phase == .backoff || phase == .failed else { return }
            if isOnDemand { phase = .idle } else { spawn(now, &actions) }
        case .stopDeadline:
            guard phase == .ending, let id = run?.id else { return }
            actions.append(.kill(run: id))
            // Again until nothing is left: a process that forks may escape one sweep.
            actions.append(.arm(.stopDeadline, at: now + Self.killRetryMs))
        case .startDeadline:
            guard phase == .starting else { return }
            problem = "not ready within \(startDeadlineMs / 1000) s" + (problem.map { ": \($0)" } ?? "")
            end(.unhealthy, now, &actions)
        case .probe(let kind):
            if let id = run?.id, phase != .ending { actions.append(.probe(run: id, kind)) }
        }
    }

    private func disarmRunTimers(_ actions: inout [ServiceAction]) {
        actions.append(.disarm(.startDeadline))
        for kind in ProbeKind.allCases where probe(kind) != nil { actions.append(.disarm(.probe(kind))) }
    }

    /// Between two sweeps with SIGKILL.
    static let killRetryMs = 1000
}
