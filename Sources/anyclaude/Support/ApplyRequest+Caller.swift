import Control
import LaunchPlan

extension ApplyRequest {
    /// What the caller of an apply adds to the plan: where its folders are, and the secrets that only its environment has.
    init(
        _ envelope: PlanEnvelope, plan: LaunchPlan, configDirectory: String, session: Session, replace: Bool = false, timeoutMs: Int? = nil,
        stays: Bool = true
    ) {
        self.init(
            envelope: envelope,
            bindings: [
                PlanPath.Root.config.rawValue: configDirectory, PlanPath.Root.home.rawValue: session.caller.home,
                PlanPath.Root.bin.rawValue: session.caller.programs,
            ],
            secrets: plan.secretValues(in: session.caller.environment), replace: replace, timeoutMs: timeoutMs, command: session.commandText,
            stays: stays)
    }
}
