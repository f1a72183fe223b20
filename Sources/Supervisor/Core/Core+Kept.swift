import LaunchPlan

/// What an apply makes of services that it does not touch.
///
/// ## Rules
///
/// 1. "Committed" says that everything of the new plan is there, what did not change included: one that is on its way up (a boot, an
///    adoption or a restart is under way, or this apply tries one again that had given up) is waited for.
/// 2. A start deadline bounds each wait. Ends are forgiven as often as those of what changed; who ends more often, who pauses between two
///    attempts, and who runs without being ready is not waited for.
/// 3. It never makes an apply fail, nor does the caller's deadline while nothing else is waited for: the apply did not cause it, and a
///    rollback would restore the very same service.
/// 4. Who is not there when the apply commits is named in a warning.
///
/// Only an apply has this gate. A rollback restores what was good as fast as it can; a boot judges nothing.
extension Core {
    /// Someone is on the way up that the apply keeps, and nothing else is missing.
    func waitsForKept(_ change: Change) -> Bool {
        guard change.kind == .apply, change.waitsForKept, let steps = change.steps else { return false }
        return steps.contains { step in
            guard step.action == .keep, let id = step.unit, !isThere(id) else { return false }
            return comingUnits(steps).contains(id)
        }
    }

    /// Of what the target wants, those that are not there, and what is known of each.
    func absent(_ change: Change) -> [(name: String, text: String)] {
        (change.steps ?? []).compactMap { step in
            guard step.action != .remove, let unit = step.unit.flatMap({ units[$0] }), !isThere(unit.id) else { return nil }
            let problem = unit.machine.problem.map { ": \($0)" } ?? ""
            return (step.name, "\(step.name) is not ready (\(unit.machine.state.rawValue)\(problem))")
        }
    }

    /// Units of an apply that are about to be ready, if nothing goes wrong. One that waits for others comes when all of them do.
    private func comingUnits(_ steps: [Change.Step]) -> Set<Int> {
        var coming: Set<Int> = []
        var waiting: [Unit] = []
        for step in steps {
            guard let unit = step.unit.flatMap({ units[$0] }), unit.machine.failures - step.failuresBefore <= Self.forgivenEnds else { continue }
            switch unit.machine.phase {
            case .starting: coming.insert(unit.id)
            case .ending where unit.machine.goal == .run: coming.insert(unit.id)
            // It is tried once, as soon as there is room.
            case .idle where unit.trialSince != nil: coming.insert(unit.id)
            case .waiting: waiting.append(unit)
            case .stopped, .idle, .ready, .unready, .ending, .backoff, .failed: break
            }
        }
        var hasGrown = true
        while hasGrown {
            let names = Set(units.values.filter { $0.machine.phase == .ready || coming.contains($0.id) }.map(\.name))
            let released = waiting.filter { !coming.contains($0.id) && names.isSuperset(of: $0.service.dependsOn) }
            coming.formUnion(released.map(\.id))
            hasGrown = !released.isEmpty
        }
        return coming
    }
}
