import JSON

/// What a signature of a saved plan is about.
public enum PlanSignature {
    /// The namespace of `ssh-keygen -Y`: a signature that was made for anything else is none of a plan.
    public static let namespace = "anyclaude-plan@v1"
    /// Added to a plan's file name for its detached signature.
    public static let suffix = ".sig"
}

extension PlanEnvelope {
    /// The document that is signed, in canonical form: the id, which covers the plan, and the precondition, which the id does not cover.
    /// The provenance is not in it.
    public var signedBytes: [UInt8] {
        let document: JSON = [
            "format": "anyclaude.plan.signed", "format_version": "1.0", "plan_id": .string(planId),
            "precondition": ["base_plan_id": precondition.basePlanId.map { .string($0) } ?? .null],
        ]
        return document.canonicalBytes
    }
}
