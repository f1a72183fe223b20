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
        /// The place of the old value, where there was one.
        public var oldSource: String?

        public init(key: String, old: JSON?, new: JSON?, source: String, oldSource: String? = nil) {
            self.key = key
            self.old = old
            self.new = new
            self.source = source
            self.oldSource = oldSource
        }

        enum CodingKeys: String, CodingKey {
            case key, old, new, source
            case oldSource = "old_source"
        }
    }

    public struct Change: Codable, Sendable, Equatable {
        public var service: String
        public var action: Action
        /// For `replace`: how.
        public var mode: ReplaceMode?
        public var causes: [Cause]
        /// For `replace`: what of the service itself is another, whether or not a cause is known.
        public var differences: [Difference]?

        public init(service: String, action: Action, mode: ReplaceMode? = nil, causes: [Cause], differences: [Difference]? = nil) {
            self.service = service
            self.action = action
            self.mode = mode
            self.causes = causes
            self.differences = differences
        }
    }

    /// What differs of a plan outside its services: an apply of it touches none of them.
    public struct Whole: Codable, Sendable, Equatable {
        public var causes: [Cause]
        public var differences: [Difference]
    }

    public var changes: [Change]
    public var whole: Whole?

    public init(changes: [Change], whole: Whole? = nil) {
        self.changes = changes
        self.whole = whole
    }

    /// Whether the two plans are one: exactly where their ids are the same.
    public var isEmpty: Bool { whole == nil && changes.allSatisfy { $0.action == .unchanged } }

    /// - Parameter old: the current plan; nil where nothing runs yet.
    public static func between(
        _ old: (plan: LaunchPlan, provenance: Provenance)?, _ new: (plan: LaunchPlan, provenance: Provenance)
    ) throws -> PlanDiff {
        let names = Set((old?.plan.services ?? []).map(\.name)).union(new.plan.services.map(\.name)).sorted()
        let causes = CauseFinder(old: old?.provenance, new: new.provenance)
        let changes = try names.map { name in
            switch (old?.plan.service(named: name), new.plan.service(named: name)) {
            case (nil, _): return Change(service: name, action: .create, causes: causes.ofCreating(name))
            case (_, nil): return Change(service: name, action: .stop, causes: causes.ofStopping(name))
            case (let before?, let after?):
                if try before.digest() == after.digest() { return Change(service: name, action: .unchanged, causes: []) }
                let overlaps = before.replace == .overlap && after.replace == .overlap
                return Change(
                    service: name, action: .replace, mode: overlaps ? .overlap : .stopFirst, causes: causes.ofReplacing(name),
                    differences: Difference.between(try JSON(encoding: before), try JSON(encoding: after)))
            }
        }
        return PlanDiff(changes: changes, whole: try old.flatMap { try whole($0.plan, new.plan, causes) })
    }

    private static func whole(_ old: LaunchPlan, _ new: LaunchPlan, _ causes: CauseFinder) throws -> Whole? {
        func rest(_ plan: LaunchPlan) throws -> JSON {
            var copy = plan
            copy.services = []
            return try copy.json()
        }
        let differences = Difference.between(try rest(old), try rest(new))
        return differences.isEmpty ? nil : Whole(causes: causes.ofTheWhole, differences: differences)
    }
}
