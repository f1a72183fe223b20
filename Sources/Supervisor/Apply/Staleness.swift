import Control
import LaunchPlan

/// Whether an apply may begin, by what it was planned against.
enum Staleness {
    struct Current: Equatable {
        var planId: String
        var generation: Int
        /// The folder of the configuration.
        var folder: String?
    }

    /// - Parameter replace: the caller takes over whatever is there.
    static func check(base: String?, folder: String?, current: Current?, replace: Bool) throws(SupervisorError) {
        guard !replace, let current else { return }
        if let folder, let owner = current.folder, folder != owner {
            throw SupervisorError(
                "the instance runs the stack of another folder: \(owner)",
                hint: "use --replace to take it over, or --instance NAME for a stack beside it", exitCode: 3)
        }
        guard base == current.planId else {
            let planned = base.map { "against \(short($0))" } ?? "for an empty machine"
            throw SupervisorError(
                "the plan is stale: it was made \(planned), and generation \(current.generation) (\(short(current.planId))) is current now",
                hint: "make the plan again, look at what it changes, and apply that", exitCode: 3)
        }
    }

    static func check(_ request: ApplyRequest, current: Current?) throws(SupervisorError) {
        try check(
            base: request.envelope.precondition.basePlanId, folder: request.bindings[PlanPath.Root.config.rawValue], current: current,
            replace: request.replace)
    }

    /// The same as one of the checks of a report; nil where nothing is stale.
    static func result(_ request: ApplyRequest, current: Current?) -> PreflightResult? {
        do throws(SupervisorError) {
            try check(request, current: current)
            return nil
        } catch {
            return PreflightResult(
                service: "", key: "instance", check: "the plan was made for what runs now",
                findings: [PreflightFinding(.error, error.message, hint: error.hint)])
        }
    }

    static func checkInstance(_ plan: LaunchPlan, _ name: String) throws(SupervisorError) {
        guard plan.instance == name else {
            throw SupervisorError(
                "the plan is for the instance `\(plan.instance)`; this supervisor has `\(name)`", hint: "use --instance \(plan.instance)", exitCode: 3
            )
        }
    }

    /// Enough of a plan's id for people.
    static func short(_ id: String) -> String { String(id.prefix(19)) }
}
