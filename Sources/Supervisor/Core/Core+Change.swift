import LaunchPlan

extension Core {
    /// Moves the change by what follows from the units' states; true where something moved.
    mutating func advanceChange(_ now: Int, _ actions: inout [Action]) -> Bool {
        guard var current = change else { return false }
        var moved = false
        if current.steps == nil {
            let steps = planSteps(current.request)
            current.steps = steps
            moved = true
            change = current
            prepare(steps, now, &actions)
        }
        closeGaps(&current, now)
        change = current
        if let failure = firstFailure(current) {
            fail(failure.reason, culprit: failure.culprit, now, &actions)
            return true
        }
        switch current.stage {
        case .changing: moved = advanceChanging(now, &actions) || moved
        case .overlapping: moved = advanceOverlapping(now, &actions) || moved
        case .probation, .committing: break
        }
        return moved
    }

    mutating func changeTimer(_ timer: Change.Timer, _ now: Int, _ actions: inout [Action]) {
        guard let current = change else { return }
        switch timer {
        case .deadline:
            if current.stage == .overlapping, isChanged(current), waitsForKept(current) {
                change?.waitsForKept = false
            } else {
                fail("the apply took longer than the time that was given", culprit: slowest(current), now, &actions)
            }
        case .probation: if current.stage == .probation { beginCommit(now, &actions) }
        }
    }

    mutating func committed(_ problem: String?, _ now: Int, _ actions: inout [Action]) {
        guard let current = change, current.stage == .committing else { return }
        if let problem {
            fail(problem, culprit: nil, now, &actions)
        } else {
            finish(.committed(gapsMs: current.gapsMs), &actions)
        }
    }

    // MARK: stages

    /// What is kept is tried again where it had given up, and is alone where it is to be.
    private mutating func prepare(_ steps: [Change.Step], _ now: Int, _ actions: inout [Action]) {
        for step in steps {
            guard let kept = step.unit else { continue }
            bringBack(kept, &actions)
            send(.start, to: kept, now, &actions)
            guard step.action == .keepAlone else { continue }
            serve(step.name, by: kept, &actions)
            _ = retire(units(of: step.name).filter { $0.id != kept && !$0.retiring }, now, &actions)
        }
    }

    private mutating func advanceChanging(_ now: Int, _ actions: inout [Action]) -> Bool {
        guard let current = change, let steps = current.steps else { return false }
        var moved = false
        for step in steps where step.action == .remove && (step.early || current.kind == .down) {
            if current.kind == .down, hasUsers(step.name) { continue }
            hurry(units(of: step.name), now, &actions)
            moved = retire(units(of: step.name).filter { !$0.retiring }, now, &actions) || moved
        }
        let isClear = steps.allSatisfy { $0.action != .remove || !$0.early || units(of: $0.name).isEmpty }
        for index in steps.indices where steps[index].action == .exchange && steps[index].unit == nil {
            moved = exchange(index, mayStart: isClear, now, &actions) || moved
        }
        guard let steps = change?.steps else { return moved }
        let exchanged = steps.filter { $0.action == .exchange }
        guard isClear, exchanged.allSatisfy({ $0.unit != nil }) else { return moved }
        switch current.kind {
        case .down:
            guard units.isEmpty else { return moved }
            finish(.stopped, &actions)
        case .boot:
            change?.stage = .overlapping
        case .apply, .rollback:
            guard exchanged.allSatisfy(isFulfilled) else { return moved }
            change?.stage = .overlapping
        }
        return true
    }

    private mutating func advanceOverlapping(_ now: Int, _ actions: inout [Action]) -> Bool {
        guard let steps = change?.steps else { return false }
        var moved = false
        for (index, step) in steps.enumerated() where step.action == .overlap {
            if let id = step.unit {
                guard let unit = units[id], unit.machine.phase == .ready else { continue }
                serve(step.name, by: id, &actions)
                let others = units(of: step.name).filter { $0.id != id && !$0.retiring }
                // A worker's successor has its name: who holds a lease on which of the two is not known.
                moved = retire(others, gently: unit.service.leases, now, &actions) || moved
            } else if let wanted = step.wanted, hasRoomForChange {
                let id = makeUnit(wanted.service, identity: wanted.identity, now)
                change?.steps?[index].unit = id
                send(.start, to: id, now, &actions)
                moved = true
            }
        }
        guard let current = change, let steps = current.steps, isChanged(current), !waitsForKept(current) else { return moved }
        let isWatched = steps.contains { $0.action == .exchange || $0.action == .overlap }
        if current.kind == .apply, current.request.target.probationMs > 0, isWatched {
            for index in steps.indices {
                change?.steps?[index].failuresAtProbation = steps[index].unit.flatMap { units[$0]?.machine.failures } ?? 0
            }
            change?.stage = .probation
            actions.append(.progress(.gate("all services are ready; watching them for \(current.request.target.probationMs) ms")))
            actions.append(.armChange(.probation, at: now + current.request.target.probationMs))
        } else {
            beginCommit(now, &actions)
        }
        return true
    }

    private mutating func beginCommit(_ now: Int, _ actions: inout [Action]) {
        guard let current = change, let steps = current.steps else { return }
        for step in steps where step.action == .remove {
            _ = retire(units(of: step.name).filter { !$0.retiring }, gently: true, now, &actions)
        }
        switch current.kind {
        case .apply:
            change?.stage = .committing
            actions += absent(current).map { .progress(.warning($0.text)) }
            actions.append(.commit)
        case .rollback:
            finish(.rolledBack(reason: current.reason ?? "asked for", culprit: current.culprit, gapsMs: current.gapsMs), &actions)
        case .boot: finish(.converged, &actions)
        case .down: finish(.stopped, &actions)
        }
    }

    private mutating func finish(_ result: Change.Result, _ actions: inout [Action]) {
        guard let current = change else { return }
        change = nil
        actions += disarmAll(current)
        actions.append(.finished(result))
    }

    // MARK: moves

    /// Stops the units of a name and, when nothing of them is left, starts the wanted one.
    private mutating func exchange(_ index: Int, mayStart: Bool, _ now: Int, _ actions: inout [Action]) -> Bool {
        guard let step = change?.steps?[index], let wanted = step.wanted else { return false }
        let present = units(of: step.name)
        if let served = serving[step.name], let unit = units[served], !unit.retiring, unit.machine.everReady, unit.machine.phase != .idle,
            change?.gapStart[step.name] == nil
        {
            change?.gapStart[step.name] = now
        }
        hurry(present, now, &actions)
        let moved = retire(present.filter { !$0.retiring }, now, &actions)
        guard mayStart, wanted.service.idle != nil || hasRoomForChange, units(of: step.name).allSatisfy({ $0.machine.phase == .stopped }) else {
            return moved
        }
        let id = makeUnit(wanted.service, identity: wanted.identity, now)
        // A rollback returns to what has been ready before.
        if wanted.service.idle != nil, change?.kind == .apply { units[id]?.trialSince = now }
        change?.steps?[index].unit = id
        serve(step.name, by: id, &actions)
        send(.start, to: id, now, &actions)
        return true
    }

    /// Somebody who uses the service still exists: by dependency, or by lease where the service offers an endpoint.
    private func hasUsers(_ name: String) -> Bool {
        let used = units(of: name)
        let isOffered = used.contains { $0.service.endpoint != nil && !$0.service.leases }
        return units.values.contains { unit in
            unit.name != name && (unit.service.dependsOn.contains(name) || (isOffered && unit.service.leases))
        }
    }

    func isFulfilled(_ step: Change.Step) -> Bool {
        guard let id = step.unit, serving[step.name] == id else { return false }
        return isThere(id)
    }

    /// What the change starts is there; a boot does not ask for those that do not overlap, which their restart policy goes on with.
    private func isChanged(_ change: Change) -> Bool {
        (change.steps ?? []).allSatisfy { step in
            let isAsked = step.action == .overlap || (step.action == .exchange && change.kind == .apply)
            return !isAsked || isFulfilled(step)
        }
    }

    /// Ready, or able to be as soon as somebody comes.
    func isThere(_ id: Int) -> Bool {
        guard let unit = units[id] else { return false }
        return unit.machine.phase == .ready || (unit.machine.phase == .idle && unit.trialSince == nil)
    }

    private func closeGaps(_ change: inout Change, _ now: Int) {
        for (name, start) in change.gapStart {
            guard let id = serving[name], isThere(id) else { continue }
            change.gapsMs[name, default: 0] += now - start
            change.gapStart[name] = nil
        }
    }
}
