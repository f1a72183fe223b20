import ArgumentParser
import LaunchPlan

/// Whose signature a saved plan must have.
struct SignatureOptions: ParsableArguments {
    @Option(
        name: [.customLong("verify"), .customLong("allowed-signers")],
        help: ArgumentHelp(
            "Refuse a plan that none of the signers in this file has signed; its format is ALLOWED SIGNERS of ssh-keygen(1).",
            valueName: "ALLOWED_SIGNERS"),
        completion: .file()) var signers: String?
    @Option(help: ArgumentHelp("With --verify: who must have signed, of those in the file.", valueName: "IDENTITY")) var signer: String?
    @Option(help: ArgumentHelp("With --verify: the signature; otherwise the plan's name with `.sig` added.", valueName: "FILE"), completion: .file())
    var signature: String?

    /// Whether a plan must be signed.
    var isWanted: Bool { signers != nil }

    func validate() throws {
        if signers == nil, signer != nil || signature != nil { throw ValidationError("--signer and --signature go with --verify ALLOWED_SIGNERS") }
    }

    /// Who signed the plan that was read from `path`; nil where nobody asks.
    ///
    /// - Throws: exit code 6 where it is not signed as it must be.
    func verify(_ envelope: PlanEnvelope, from path: String, _ session: Session) throws -> SignatureTool.Signer? {
        guard let signers else { return nil }
        guard path != "-" || signature != nil else { throw ValidationError("a plan from standard input has its signature in --signature FILE") }
        return try SignatureTool(environment: session.caller.environment).verify(
            envelope.signedBytes, signature: signature ?? path + PlanSignature.suffix, signers: signers, identity: signer)
    }
}
