import Control
import LaunchPlan

/// A new plan beside the current one.
struct PlanComparison {
    let base: CurrentPlan?
    let envelope: PlanEnvelope
    let diff: PlanDiff

    init(base: CurrentPlan?, new plan: LaunchPlan, provenance: Provenance) throws {
        self.base = base
        envelope = try PlanEnvelope(plan: plan, basePlanId: base?.envelope.planId, provenance: provenance)
        diff = try Self.diff(base, plan, provenance)
    }

    init(base: CurrentPlan?, saved envelope: PlanEnvelope, plan: LaunchPlan) throws {
        self.base = base
        self.envelope = envelope
        diff = try Self.diff(base, plan, envelope.provenance)
    }

    private static func diff(_ base: CurrentPlan?, _ plan: LaunchPlan, _ provenance: Provenance) throws -> PlanDiff {
        guard let base else { return try PlanDiff.between(nil, (plan, provenance)) }
        let current: LaunchPlan
        do throws(PlanEnvelope.Refusal) {
            current = try base.envelope.verified()
        } catch {
            throw CommandError(error, file: "the current plan")
        }
        return try PlanDiff.between((current, base.envelope.provenance), (plan, provenance))
    }

    /// Whether an apply takes a service from its users for a time.
    var interrupts: Bool { diff.changes.contains { $0.action == .stop || ($0.action == .replace && $0.mode != .overlap) } }
}
