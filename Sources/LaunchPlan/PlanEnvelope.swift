import JSON

/// A saved plan: what `plan --out` writes and `apply` takes.
///
/// The id covers the plan alone; what was known when it was made is beside it and never influences what is applied.
public struct PlanEnvelope: Codable, Sendable, Equatable {
    public var planId: String
    /// The body as it was read, so that its id can be checked even where a newer tool wrote it.
    public var plan: JSON
    public var precondition: Precondition
    public var provenance: Provenance

    public struct Precondition: Codable, Sendable, Equatable {
        /// The plan that was current when this one was made; nil where there was none. `apply` refuses when it has moved.
        public var basePlanId: String?
        public init(basePlanId: String?) { self.basePlanId = basePlanId }
        enum CodingKeys: String, CodingKey { case basePlanId = "base_plan_id" }
    }

    public init(plan: LaunchPlan, basePlanId: String?, provenance: Provenance) throws {
        let body = try plan.json()
        self.plan = body
        self.planId = LaunchPlan.id(of: body)
        self.precondition = Precondition(basePlanId: basePlanId)
        self.provenance = provenance
    }

    /// As it is kept: `verified()` says whether the id is the plan's.
    public init(planId: String, plan: JSON, precondition: Precondition, provenance: Provenance) {
        self.planId = planId
        self.plan = plan
        self.precondition = precondition
        self.provenance = provenance
    }

    enum CodingKeys: String, CodingKey {
        case plan, precondition, provenance
        case planId = "plan_id"
    }

    public enum Refusal: Error, Sendable, Equatable, CustomStringConvertible {
        case tampered(expected: String, found: String)
        case unknownFormat(String)
        case unknownFeatures([String])
        case malformed(String)

        public var description: String {
            switch self {
            case .tampered(let expected, let found): "the plan is not the one that was saved: its id is \(found), the file says \(expected)"
            case .unknownFormat(let format): "this is not a plan that this version can read: \(format)"
            case .unknownFeatures(let names): "the plan needs what this version does not have: \(names.joined(separator: ", "))"
            case .malformed(let reason): "this is not a plan: \(reason)"
            }
        }
    }

    /// The plan, checked: its id is right, its format known, its features available, its services told apart by name.
    public func verified() throws(Refusal) -> LaunchPlan {
        let found = LaunchPlan.id(of: plan)
        guard found == planId else { throw .tampered(expected: planId, found: found) }
        // Before anything else is read: a newer format may have other shapes.
        guard let format = plan["format"]?.stringValue, let version = plan["format_version"]?.stringValue else {
            throw .malformed("it does not say its format")
        }
        guard format == LaunchPlan.formatName, version.split(separator: ".").first == "1" else { throw .unknownFormat("\(format) \(version)") }
        let unknown = (plan["required_features"]?.arrayValue ?? []).compactMap(\.stringValue).filter { !LaunchPlan.knownFeatures.contains($0) }
        guard unknown.isEmpty else { throw .unknownFeatures(unknown) }
        let decoded: LaunchPlan
        do throws(JSONDecodingError) {
            decoded = try plan.decode(LaunchPlan.self)
        } catch {
            throw .malformed(error.description)
        }
        var names: Set<String> = []
        for service in decoded.services where !names.insert(service.name).inserted { throw .malformed("two services are named `\(service.name)`") }
        return decoded
    }
}
