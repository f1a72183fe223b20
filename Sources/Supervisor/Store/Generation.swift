import JSON
import LaunchPlan

/// One applied plan, as `generations/<number>` keeps it: everything that an apply of it needs, beside the plan in the store.
struct Generation: Codable, Sendable, Equatable {
    enum Standing: String, Codable, Sendable {
        /// Being applied; or the supervisor died while it was.
        case pending
        /// Became healthy once.
        case good
        /// Did not.
        case bad
    }

    var number: Int
    var planId: String
    var standing: Standing
    var bindings: [String: String]
    var precondition: PlanEnvelope.Precondition
    var provenance: Provenance
    /// RFC 3339, UTC.
    var created: String
    var user: String
    var command: String

    enum CodingKeys: String, CodingKey {
        case number, standing, bindings, precondition, provenance, created, user, command
        case planId = "plan_id"
    }

    var roots: PlanPath.Bindings {
        Dictionary(uniqueKeysWithValues: bindings.compactMap { key, value in PlanPath.Root(rawValue: key).map { ($0, value) } })
    }
}
