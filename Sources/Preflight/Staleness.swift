import Control
import Host
import LaunchPlan

/// Whether an apply may begin, by what it was planned against.
package enum Staleness {
    package struct Current: Equatable {
        var planId: String
        var generation: Int
        /// The folder of the configuration.
        var folder: String?

        package init(_ generation: Generation) {
            planId = generation.planId
            self.generation = generation.number
            folder = generation.bindings[PlanPath.Root.config.rawValue]
        }
    }

    /// - Parameter replace: the caller takes over whatever is there.
    static func check(base: String?, folder: String?, current: Current?, replace: Bool) throws(OperationError) {
        guard !replace, let current else { return }
        if let folder, let owner = current.folder, folder != owner {
            throw OperationError(
                "the instance runs the stack of another folder: \(owner)",
                hint: "use --replace to take it over, or --instance NAME for a stack beside it", exitCode: 3)
        }
        guard base == current.planId else {
            let planned = base.map { "against \(short($0))" } ?? "for an empty machine"
            throw OperationError(
                "the plan is stale: it was made \(planned), and generation \(current.generation) (\(short(current.planId))) is current now",
                hint: "make the plan again, look at what it changes, and apply that", exitCode: 3)
        }
    }

    package static func check(_ request: ApplyRequest, current: Current?) throws(OperationError) {
        try check(
            base: request.envelope.precondition.basePlanId, folder: request.bindings[PlanPath.Root.config.rawValue], current: current,
            replace: request.replace)
    }

    /// The same as one of the checks of a report; nil where nothing is stale.
    package static func result(_ request: ApplyRequest, current: Current?) -> PreflightResult? {
        do throws(OperationError) {
            try check(request, current: current)
            return nil
        } catch {
            return PreflightResult(
                service: "", key: "instance", check: "the plan was made for what runs now",
                findings: [PreflightFinding(.error, error.message, hint: error.hint)])
        }
    }

    package static func checkInstance(_ plan: LaunchPlan, _ name: String) throws(OperationError) {
        guard plan.instance == name else {
            throw OperationError(
                "the plan is for the instance `\(plan.instance)`; this supervisor has `\(name)`", hint: "use --instance \(plan.instance)", exitCode: 3
            )
        }
    }

    /// Enough of a plan's id for people.
    package static func short(_ id: String) -> String { String(id.prefix(19)) }
}
