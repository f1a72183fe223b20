import JSON
import LaunchPlan
import Testing

@Suite struct PlanSignatureTests {
    private func envelope(base: String?) throws -> PlanEnvelope {
        try PlanEnvelope(plan: LaunchPlan(instance: "default", services: [], probationMs: 0), basePlanId: base, provenance: Provenance(tool: "t"))
    }

    /// Signatures are made of these bytes: another form of them would make every signature a wrong one.
    @Test func theSignedDocumentHasOneForm() throws {
        let plan = try envelope(base: nil)
        #expect(
            String(decoding: plan.signedBytes, as: UTF8.self)
                == #"{"format":"anyclaude.plan.signed","format_version":"1.0","plan_id":"\#(plan.planId)","precondition":{"base_plan_id":null}}"#)
        #expect(String(decoding: try envelope(base: "sha256:00").signedBytes, as: UTF8.self).contains(#""base_plan_id":"sha256:00""#))
        var other = plan
        other.provenance = Provenance(tool: "other", files: [.init(path: "f", sha256: "0")])
        #expect(other.signedBytes == plan.signedBytes)
    }

    private func refusal(of body: JSON) -> PlanEnvelope.Refusal? {
        guard var envelope = try? envelope(base: nil) else { return nil }
        envelope.plan = body
        envelope.planId = LaunchPlan.id(of: body)
        do throws(PlanEnvelope.Refusal) {
            _ = try envelope.verified()
            return nil
        } catch {
            return error
        }
    }

    /// A newer format may have shapes that this version cannot even read.
    @Test func aNewerFormatIsCalledNewerWhateverItsShape() {
        #expect(refusal(of: ["format": "anyclaude.plan", "format_version": "2.0", "services": "none"]) == .unknownFormat("anyclaude.plan 2.0"))
        #expect(
            refusal(of: ["format": "anyclaude.plan", "format_version": "1.3", "required_features": ["x"], "services": 1]) == .unknownFeatures(["x"]))
        #expect(refusal(of: ["format": "other", "format_version": "1.0"]) == .unknownFormat("other 1.0"))
    }

    @Test func aPlanWithoutItsFormatOrWithTwinsIsNone() throws {
        #expect(refusal(of: ["services": []]) == .malformed("it does not say its format"))
        let twin = Service(name: "w", role: .worker, argv: ["w"])
        let body = try LaunchPlan(instance: "default", services: [twin, twin], probationMs: 0).json()
        #expect(refusal(of: body) == .malformed("two services are named `w`"))
    }
}
