import ArgumentParser
import JSON
import LaunchPlan

struct PlanVerifyCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Say whether a saved plan is what it was when it was saved, and who signed it.",
        discussion: """
            Ends with 6 where the plan was changed, or is not signed as --verify wants it, and with 3 where a newer version wrote it. The id \
            covers the plan; a signature covers the id and the plan that it was made against; nothing covers the provenance, so \
            that `apply --verify` does not take from it where relative paths begin.
            """,
        helpNames: .shortAndLong)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var signature: SignatureOptions
    @Argument(help: ArgumentHelp("A saved plan; `-` is standard input.", valueName: "planfile"), completion: .file()) var file: String
    @Flag(help: "As JSON.") var json = false

    func execute(_ session: Session) throws -> Int32 {
        let (envelope, plan) = try PlanFile.read(file)
        let signer = try signature.verify(envelope, from: file, session)
        if json {
            Output.print(document(envelope, plan, signer))
            return ExitStatus.success
        }
        let base = envelope.precondition.basePlanId.map { "plan \(Text.line($0))" } ?? "no plan"
        let rows = [
            ("id", "\(envelope.planId) is the hash of the plan"),
            ("format", "\(plan.format) \(Text.line(plan.formatVersion)), which this version can apply"),
            ("instance", plan.instance), ("services", plan.services.map(\.name).joined(separator: ", ")),
            (
                "made against",
                signer == nil ? "\(base); nothing covers that but a signature" : "\(base), as the signature says"
            ),
            ("signed by", signer.map { "\($0.identity) with \($0.key)" } ?? "not looked at; --verify ALLOWED_SIGNERS does"),
        ]
        for line in ServiceText.aligned(rows) { Output.print(line) }
        return ExitStatus.success
    }

    private func document(_ envelope: PlanEnvelope, _ plan: LaunchPlan, _ signer: SignatureTool.Signer?) -> JSON {
        let verified = ["plan_id", "format", "required_features", "instance"] + (signer == nil ? [] : ["precondition", "signature"])
        let document: JSON = [
            "plan_id": .string(envelope.planId), "instance": .string(plan.instance),
            "base_plan_id": envelope.precondition.basePlanId.map { .string($0) } ?? .null,
            "verified": .array(verified.map { .string($0) }),
            "signer": signer.map { ["identity": .string($0.identity), "key": .string($0.key)] } ?? .null,
        ]
        return document.versioned()
    }
}
