import Control
import LaunchPlan

extension Supervisor {
    func perform(_ action: Core.Action) {
        switch action {
        case .unit(let unit, let action): perform(action, unit)
        case .leave(let unit, let time): leave(unit, at: time)
        case .forget(let unit): forget(unit)
        case .serve: break
        case .armChange(let timer, let time):
            if let token = changeTimers[timer] { loop.cancel(token) }
            changeTimers[timer] = loop.schedule(at: time) { [unowned self] in
                self.changeTimers[timer] = nil
                self.handle(.changeTimer(timer))
            }
        case .disarmChange(let timer): if let token = changeTimers.removeValue(forKey: timer) { loop.cancel(token) }
        case .admit(let name): answerLeases(for: name)
        case .armRoom(let time):
            if let roomTimer { loop.cancel(roomTimer) }
            roomTimer = loop.schedule(at: time) { [unowned self] in
                self.roomTimer = nil
                self.handle(.roomTimer)
            }
        case .disarmRoom:
            if let roomTimer { loop.cancel(roomTimer) }
            roomTimer = nil
        case .progress(let progress): report(progress)
        case .commit: handle(.committed(problem: commit()))
        case .finished(let result): finished(result)
        }
    }

    private func perform(_ action: ServiceAction, _ unit: Int) {
        switch action {
        case .spawn(let run): start(unit, run)
        case .terminate(let run): terminate(unit, run, .stopped)
        case .drain(let run): terminate(unit, run, .stopping)
        case .kill(let run):
            if let live = live(unit, run) {
                // With a leader that has ended, one look kills what is left and tells whether anything is.
                if live.leaderExited {
                    live.isKilled = true
                    checkEmptiness(live)
                } else {
                    live.killAll()
                }
            }
        case .probe(let run, let kind): probe(unit, run, kind)
        case .arm(let timer, let time):
            let key = UnitTimer(unit: unit, timer: timer)
            if let token = timers[key] { loop.cancel(token) }
            timers[key] = loop.schedule(at: time) { [unowned self] in
                self.timers[key] = nil
                self.handle(unit, .timer(timer))
            }
        case .disarm(let timer): if let token = timers.removeValue(forKey: UnitTimer(unit: unit, timer: timer)) { loop.cancel(token) }
        case .changed(let state): changed(unit, state)
        }
    }

    func live(_ unit: Int, _ run: Int) -> LiveRun? { live[unit].flatMap { $0.run == run ? $0 : nil } }

    /// - Parameter word: what one that asks for leases hears before it is told to end.
    private func terminate(_ unit: Int, _ run: Int, _ word: ServiceState) {
        guard let live = live(unit, run) else { return giveUpStart(unit, run) }
        live.lease?.send(LeaseReply(id: LeaseReply.ownID, state: word))
        live.terminate()
    }

    private func leave(_ unit: Int, at time: Int) {
        leaveTimers[unit] = loop.schedule(at: time) { [unowned self] in
            self.leaveTimers[unit] = nil
            self.handle(.leaveTimer(unit: unit))
        }
        // Not within the move that it is a part of.
        guard let name = core.units[unit]?.name else { return }
        loop.schedule(at: EventLoop.now) { [unowned self] in self.leaveWhereUnused(name) }
    }

    /// One on its way out goes when nobody holds a lease on it any more.
    func leaveWhereUnused(_ name: String) {
        guard core.units.values.contains(where: { $0.name == name && $0.retiring }), !leases.isInUse(name) else { return }
        handle(.unused(service: name))
    }

    private func forget(_ unit: Int) {
        if let token = leaveTimers.removeValue(forKey: unit) { loop.cancel(token) }
        for key in timers.keys where key.unit == unit { if let token = timers.removeValue(forKey: key) { loop.cancel(token) } }
        releaseLeases(of: unit)
        bindings[unit] = nil
        // At once, not only when the change has ended: a successor may bind the port by itself, and must not find it held, nor its
        // probe find a listener that nobody serves. What the target names stays open between two instances of a service.
        listeners.retain(core.servicesWithListeners)
    }

    /// Every transition once: to the log, to systemd, to those who watch, to those who wait for the service.
    private func changed(_ unit: Int, _ state: ServiceState) {
        guard let it = core.units[unit] else { return }
        let machine = it.machine
        var text = "\(it.name): \(state.rawValue)"
        if state == .starting, machine.starts > 1 { text += " (start \(machine.starts))" }
        if let problem = machine.problem, state != .ready, state != .starting { text += ": \(problem)" }
        let level: SupervisorLog.Level =
            switch state {
            case .failed: .error
            case .backoff, .unready: .warning
            default: .info
            }
        log.write(level, text)
        if state == .ready, let live = live[unit], !live.record.ready {
            live.record.ready = true
            save(live)
        }
        let message = state == .ready || state == .starting || state == .stopping ? nil : machine.problem
        broadcast(ProgressEvent(kind: .service, elapsedMs: session?.elapsedMs ?? 0, service: it.name, state: state, message: message))
        answerLeases(for: it.name)
        reportStatusToSystemd()
    }
}
