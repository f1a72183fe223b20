import JSON

/// Finds the values of two configurations that made their plans differ.
struct CauseFinder {
    let old: Provenance?
    let new: Provenance

    /// A service that stays is another one because of what it was made from.
    func ofReplacing(_ service: String) -> [PlanDiff.Cause] {
        let all = differing(old?.inputs[service] ?? [], new.inputs[service] ?? [])
        // A backend that is reached only now, or no longer, brings or takes its lines along: they are not what changed.
        return all.narrowed { cause in
            guard cause.old == nil || cause.new == nil, let backend = Self.backend(of: cause.key) else { return true }
            return old?.deciding?[backend] == nil || new.deciding?[backend] == nil
        }
    }

    /// A backend becomes a service because of what decides on that; one that was not declared before, because of all that it is made from.
    func ofCreating(_ service: String) -> [PlanDiff.Cause] {
        let decisions = deciding(service)
        if old?.deciding?[service] != nil, !decisions.isEmpty { return decisions }
        let keys = Set(decisions.map(\.key))
        return decisions + differing([], new.inputs[service] ?? []).filter { !keys.contains($0.key) }
    }

    func ofStopping(_ service: String) -> [PlanDiff.Cause] {
        let decisions = deciding(service)
        return decisions.isEmpty ? differing(old?.inputs[service] ?? [], []) : decisions
    }

    /// None where one side does not say what it was made from.
    var ofTheWhole: [PlanDiff.Cause] {
        guard let before = old?.whole, let after = new.whole else { return [] }
        return differing(before, after)
    }

    private func deciding(_ service: String) -> [PlanDiff.Cause] {
        let before = (old?.deciding?[service] ?? []) + leading(to: service, old)
        let after = (new.deciding?[service] ?? []) + leading(to: service, new)
        // That a key leads elsewhere now is known from the other side's value of it.
        func completed(_ inputs: [Provenance.Input], with others: [Provenance.Input], from provenance: Provenance?) -> [Provenance.Input] {
            let known = Set(inputs.map(\.key))
            return inputs + others.filter { !known.contains($0.key) }.compactMap { provenance?.input($0.key) }
        }
        let all = differing(completed(before, with: after, from: old), completed(after, with: before, from: new))
        // An older plan does not say what was declared.
        return old != nil && old?.deciding == nil ? all.filter { $0.key != "backends.\(service)" } : all
    }

    /// `backend` and the routes that lead to a service.
    private func leading(to service: String, _ provenance: Provenance?) -> [Provenance.Input] {
        (provenance?.inputs["proxy"] ?? []).filter {
            ($0.key == "backend" || $0.key.hasPrefix("routes[")) && $0.value == .string(service)
        }
    }

    /// The keys whose values are not the same on both sides, sorted.
    private func differing(_ old: [Provenance.Input], _ new: [Provenance.Input]) -> [PlanDiff.Cause] {
        let before = Dictionary(old.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        let after = Dictionary(new.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        let all = Set(before.keys).union(after.keys).sorted().compactMap { key -> PlanDiff.Cause? in
            let (first, second) = (before[key], after[key])
            guard first?.value != second?.value else { return nil }
            return PlanDiff.Cause(
                key: key, old: first?.value, new: second?.value, source: second?.source ?? first?.source ?? "", oldSource: first?.source)
        }
        // The defaults of a mapping that comes or goes come and go with it.
        if before.isEmpty { return all }
        return all.narrowed { cause in
            let isOneSided = cause.old == nil || cause.new == nil
            return !isOneSided || cause.source != Provenance.Input.defaultSource
        }
    }

    /// `small` of `backends.small.port`.
    private static func backend(of key: String) -> String? {
        let parts = key.split(separator: ".")
        return parts.count > 2 && parts[0] == "backends" ? String(parts[1]) : nil
    }
}

extension [PlanDiff.Cause] {
    /// Those that `matter`; all of them where none does, since a change without a cause would say less.
    fileprivate func narrowed(_ matter: (PlanDiff.Cause) -> Bool) -> [PlanDiff.Cause] {
        let result = filter(matter)
        return result.isEmpty ? self : result
    }
}
