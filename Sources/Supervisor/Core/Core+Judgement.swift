import LaunchPlan

/// What makes an apply fail, and what follows.
extension Core {
    /// Ends before the first readiness that an apply forgives: one, because a port or a lock of the predecessor may need a moment.
    static let forgivenEnds = 1
    /// A rollback returns to what was good: it is given more patience before it is called failed.
    static let forgivenEndsInRollback = 3

    /// So many answers are needed to speak of a rate; more than half of them failed is too much.
    static let leastAnswers = 4

    func firstFailure(_ change: Change) -> (reason: String, culprit: String?)? {
        guard change.kind == .apply || change.kind == .rollback, change.stage != .committing, let steps = change.steps else { return nil }
        for step in steps where step.action == .exchange || step.action == .overlap {
            guard let id = step.unit, let machine = units[id]?.machine else { continue }
            if let reason = failure(of: machine, step, change) { return ("\(step.name): \(reason)", step.name) }
        }
        return nil
    }

    private func failure(of machine: ServiceMachine, _ step: Change.Step, _ change: Change) -> String? {
        if machine.phase == .failed { return machine.problem ?? "gave up" }
        let forgiven = change.kind == .apply ? Self.forgivenEnds : Self.forgivenEndsInRollback
        if machine.failuresBeforeReady > forgiven { return machine.problem ?? "ended before it was ready" }
        // A start that used all of its time is not repeated within an apply.
        if !machine.everReady, machine.run?.cause == .unhealthy { return machine.problem ?? "did not become ready in time" }
        guard change.stage == .probation else { return nil }
        if step.answers >= Self.leastAnswers, step.failedAnswers * 2 > step.answers {
            return "failed at \(step.failedAnswers) of \(step.answers) requests on probation"
        }
        if machine.phase == .unready { return "lost its readiness on probation: \(machine.problem ?? "readiness probe failed")" }
        if machine.failures > step.failuresAtProbation || machine.run?.cause == .unhealthy {
            return "failed on probation: \(machine.problem ?? "ended by itself")"
        }
        return nil
    }

    /// An apply goes back to its fallback; a rollback that fails is over.
    mutating func fail(_ reason: String, culprit: String?, _ now: Int, _ actions: inout [Action]) {
        guard let failed = change else { return }
        actions += disarmAll(failed)
        guard failed.kind == .apply else {
            change = nil
            let full = failed.reason.map { "\($0); and the rollback failed: \(reason)" } ?? reason
            actions.append(.finished(.failed(reason: full, culprit: failed.culprit ?? culprit, gapsMs: failed.gapsMs)))
            return
        }
        actions.append(.progress(.rollback(reason, culprit: culprit)))
        keepTo(failed.request.fallback)
        var rollback = Change(Change.Request(kind: .rollback, target: failed.request.fallback), now: now)
        rollback.reason = reason
        rollback.culprit = culprit
        rollback.gapStart = failed.gapStart
        rollback.gapsMs = failed.gapsMs
        change = rollback
        if let deadline = rollback.deadline { actions.append(.armChange(.deadline, at: deadline)) }
    }

    /// Whom a deadline is blamed on: a service that is not ready.
    func slowest(_ change: Change) -> String? {
        (change.steps ?? []).first { step in step.action != .remove && !isFulfilled(step) }?.name
    }
}
