import JSON

/// What an apply would do to each service, and which configuration values are the reason.
public struct PlanDiff: Codable, Sendable, Equatable {
    public enum Action: String, Codable, Sendable { case create, stop, replace, unchanged }

    public struct Cause: Codable, Sendable, Equatable {
        public var key: String
        public var old: JSON?
        public var new: JSON?
        /// The place of the new value, or of the old one where the key is gone.
        public var source: String
    }

    public struct Change: Codable, Sendable, Equatable {
        public var service: String
        public var action: Action
        /// For `replace`: how.
        public var mode: ReplaceMode?
        public var causes: [Cause]
    }

    public var changes: [Change]

    public var isEmpty: Bool { changes.allSatisfy { $0.action == .unchanged } }

    /// - Parameter old: the current plan; nil where nothing runs yet.
    public static func between(
        _ old: (plan: LaunchPlan, provenance: Provenance)?, _ new: (plan: LaunchPlan, provenance: Provenance)
    ) throws -> PlanDiff {
        let names = Set((old?.plan.services ?? []).map(\.name)).union(new.plan.services.map(\.name)).sorted()
        return PlanDiff(
            changes: try names.map { name in
                let before = old?.plan.service(named: name)
                let after = new.plan.service(named: name)
                let causes = Self.causes(old?.provenance.inputs[name] ?? [], new.provenance.inputs[name] ?? [])
                switch (before, after) {
                case (nil, _): return Change(service: name, action: .create, causes: causes)
                case (_, nil): return Change(service: name, action: .stop, causes: causes)
                case (let before?, let after?):
                    if try before.digest() == after.digest() { return Change(service: name, action: .unchanged, causes: []) }
                    let overlaps = before.replace == .overlap && after.replace == .overlap
                    return Change(service: name, action: .replace, mode: overlaps ? .overlap : .stopFirst, causes: causes)
                }
            })
    }

    private static func causes(_ old: [Provenance.Input], _ new: [Provenance.Input]) -> [Cause] {
        let before = Dictionary(old.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        let after = Dictionary(new.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        return Set(before.keys).union(after.keys).sorted().compactMap { key in
            guard before[key]?.value != after[key]?.value else { return nil }
            return Cause(key: key, old: before[key]?.value, new: after[key]?.value, source: after[key]?.source ?? before[key]?.source ?? "")
        }
    }
}
