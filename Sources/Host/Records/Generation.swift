import JSON
import LaunchPlan

/// One applied plan, as `generations/<number>` keeps it: everything that an apply of it needs, beside the plan in the store.
package struct Generation: Codable, Sendable, Equatable {
    package enum Standing: String, Codable, Sendable {
        /// Being applied; or the supervisor died while it was.
        case pending
        /// Became healthy once.
        case good
        /// Did not.
        case bad
    }

    package var number: Int
    package var planId: String
    package var standing: Standing
    package var bindings: [String: String]
    package var precondition: PlanEnvelope.Precondition
    package var provenance: Provenance
    /// RFC 3339, UTC.
    package var created: String
    package var user: String
    package var command: String

    package init(
        number: Int, planId: String, standing: Standing, bindings: [String: String], precondition: PlanEnvelope.Precondition, provenance: Provenance,
        created: String, user: String, command: String
    ) {
        self.number = number
        self.planId = planId
        self.standing = standing
        self.bindings = bindings
        self.precondition = precondition
        self.provenance = provenance
        self.created = created
        self.user = user
        self.command = command
    }

    package enum CodingKeys: String, CodingKey {
        case number, standing, bindings, precondition, provenance, created, user, command
        case planId = "plan_id"
    }

    package var roots: PlanPath.Bindings { PlanPath.Bindings(named: bindings) }
}
