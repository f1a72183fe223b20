import JSON

/// Finds the values of two configurations that made their plans differ.
struct CauseFinder {
    private let old: CauseSide?
    private let new: CauseSide

    init(old: Provenance?, new: Provenance) {
        self.old = old.map(CauseSide.init)
        self.new = CauseSide(new)
    }

    /// A service that stays is another one because of what it was made from.
    func ofReplacing(_ service: String) -> [PlanDiff.Cause] {
        let (before, after) = (old?.inputs(of: service) ?? [], new.inputs(of: service))
        let own = differing(before, after)
        return (own + ofOthers(service, before, after, besides: Set(own.map(\.key)))).sorted { $0.key < $1.key }
    }

    /// A backend becomes a service because of what decides on that; one that was not declared before, because of all that it is made from.
    func ofCreating(_ service: String) -> [PlanDiff.Cause] {
        let decisions = deciding(service, old, new)
        if old?.declares(service) == true, !decisions.isEmpty { return decisions }
        let keys = Set(decisions.map(\.key))
        return decisions + differing([], new.inputs(of: service)).filter { !keys.contains($0.key) }
    }

    func ofStopping(_ service: String) -> [PlanDiff.Cause] {
        let decisions = deciding(service, new, old)
        return decisions.isEmpty ? differing(old?.inputs(of: service) ?? [], []) : decisions
    }

    /// None where one side does not say what it was made from.
    var ofTheWhole: [PlanDiff.Cause] {
        guard let before = old?.provenance.whole, let after = new.provenance.whole else { return [] }
        return differing(before, after)
    }

    /// A worker that shares the machine with others is made from lines of those, which come and go with them though they stand in both files:
    /// then what decided on those others is the reason.
    private func ofOthers(
        _ service: String, _ before: [Provenance.Input], _ after: [Provenance.Input], besides known: Set<String>
    ) -> [PlanDiff.Cause] {
        // What leads to a backend is the proxy's own.
        guard service != CauseSide.proxy else { return [] }
        let oneSided = Set(before.map(\.key)).symmetricDifference(after.map(\.key))
        let others = Set(oneSided.compactMap(CauseSide.backend)).subtracting([service])
        let keys = others.reduce(into: Set<String>()) { keys, other in
            if new.isService(other), old?.isService(other) == false {
                keys.formUnion(deciding(other, old, new).map(\.key))
            } else if old?.isService(other) == true, !new.isService(other) {
                keys.formUnion(deciding(other, new, old).map(\.key))
            }
        }
        return differing(keys.subtracting(known))
    }

    // MARK: whether there is a service

    /// What made a backend a service on the one side that it is not on the `other`.
    private func deciding(_ service: String, _ other: CauseSide?, _ side: CauseSide?) -> [PlanDiff.Cause] {
        var keys: Set<String> = []
        var (seen, open): (Set<String>, [String]) = ([service], [service])
        while let name = open.popLast() {
            // What forbade it there is another one here.
            keys.formUnion((side?.decidingKeys(of: name) ?? []) + (other?.decidingKeys(of: name) ?? []))
            keys.formUnion(side?.leading[name] ?? [])
            for dependent in side?.dependents[name] ?? [] {
                keys.insert(CauseSide.dependsOn(dependent))
                // One that was started on both sides led here by `dependsOn` alone.
                if other?.isService(dependent) != true, seen.insert(dependent).inserted { open.append(dependent) }
            }
        }
        // An older plan does not say what was declared.
        if let old, old.provenance.deciding == nil { keys.remove("backends.\(service)") }
        return differing(keys)
    }

    // MARK: values

    private func differing(_ keys: Set<String>) -> [PlanDiff.Cause] {
        let values = { (side: CauseSide?) in keys.compactMap { side?.values[$0] } }
        return differing(values(old), values(new))
    }

    /// The keys whose values are not the same on both sides, sorted. One that is in one of the lists only may still stand in the other file.
    private func differing(_ old: [Provenance.Input], _ new: [Provenance.Input]) -> [PlanDiff.Cause] {
        let before = Dictionary(old.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        let after = Dictionary(new.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        let all = Set(before.keys).union(after.keys).sorted().compactMap { key -> PlanDiff.Cause? in
            let (first, second) = (before[key] ?? self.old?.values[key], after[key] ?? self.new.values[key])
            guard first?.value != second?.value else { return nil }
            if first == nil, self.old?.isUnknown(key) == true { return nil }
            if second == nil, self.new.isUnknown(key) { return nil }
            return PlanDiff.Cause(
                key: key, old: first?.value, new: second?.value, source: second?.source ?? first?.source ?? "", oldSource: first?.source)
        }
        // The defaults of a mapping that comes or goes come and go with it.
        if before.isEmpty { return all }
        let written = all.filter { cause in
            let isOneSided = cause.old == nil || cause.new == nil
            return !isOneSided || cause.source != Provenance.Input.defaultSource
        }
        // A change without a cause would say less.
        return written.isEmpty ? all : written
    }
}
