import Foundation
import JSON
import Testing

/// Signed plans, with the real ssh-keygen.
@Suite(
    .serialized, .enabled(if: PlanFolder.cli != nil, "the CLI is not built (ANYCLAUDE_TEST_BIN, or `make build`)"),
    .enabled(if: PlanFolder.hasSigningTool, "there is no ssh-keygen (Debian: openssh-client)"))
struct PlanSignatureTests {

    /// A plan `p`, signed by `ada` with the key `ada`; `signers` knows her and `bob`.
    private func signed() throws -> PlanFolder {
        let folder = try PlanFolder()
        try folder.write(".anyclauderc.yaml", "backend: claude\n")
        for name in ["ada", "bob", "eve"] {
            try #require(try folder.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", name).status == 0)
        }
        try folder.write("signers", "ada@example.org \(try folder.read("ada.pub"))bob@example.org \(try folder.read("bob.pub"))")
        let saved = try folder.anyclaude("plan", "--out", "p", "--sign", "ada")
        try #require(saved.status == 0, "\(saved.output)\(saved.errors)")
        #expect(saved.output.contains("signed in p.sig"))
        #expect(try folder.read("p.sig").hasPrefix("-----BEGIN SSH SIGNATURE-----"))
        return folder
    }

    private func expectRefusal(_ run: ProgramRun, _ folder: PlanFolder, saying word: String, at location: SourceLocation = #_sourceLocation) {
        #expect(run.status == 6, "\(run.output)\(run.errors)", sourceLocation: location)
        #expect(run.errors.contains(word), "`\(word)` is missing in: \(run.errors)", sourceLocation: location)
        #expect(!folder.exists("home"), "something was touched", sourceLocation: location)
    }

    @Test func aGoodSignatureIsAccepted() throws {
        let folder = try signed()
        let any = try folder.anyclaude("plan", "verify", "p", "--verify", "signers")
        #expect(any.status == 0, "\(any.errors)")
        #expect(any.output.contains("ada@example.org with ED25519 key SHA256:"), "\(any.output)")
        let named = try folder.anyclaude("plan", "verify", "p", "--allowed-signers", "signers", "--signer", "ada@example.org", "--json")
        #expect(named.status == 0, "\(named.errors)")
        #expect(try JSON(parsing: named.output)["signer"]?["identity"] == "ada@example.org")
        let piped = try folder.anyclaude("plan", "verify", "-", "--verify", "signers", "--signature", "p.sig", input: try folder.read("p"))
        #expect(piped.status == 0, "\(piped.errors)")
        // The same plan signed again gives the same bytes.
        let first = try folder.read("p.sig")
        try #require(try folder.anyclaude("plan", "--out", "p", "--sign", "ada").status == 0)
        #expect(try folder.read("p.sig") == first)
    }

    @Test func whatIsNotSignedAsItMustBeIsRefused() throws {
        let folder = try signed()
        let plan = try folder.read("p")
        let signature = try folder.read("p.sig")
        func verify(_ name: String, _ more: String...) throws -> ProgramRun {
            try ProgramRun.run(
                try #require(PlanFolder.cli), ["apply", name, "--verify", "signers", "--yes"] + more, environment: folder.environment,
                directory: folder.path)
        }
        try folder.write("unsigned", plan)
        expectRefusal(try verify("unsigned"), folder, saying: "the plan is not signed")

        try folder.write("tampered", plan.replacing("8788", with: "8789"))
        try folder.write("tampered.sig", signature)
        expectRefusal(try verify("tampered"), folder, saying: "not the one that was saved")

        // The id covers the plan alone: that it was made against another one is the signature's to find.
        var moved = try #require(try JSON(parsing: plan).objectValue)
        moved["precondition"] = ["base_plan_id": "sha256:00"]
        try folder.write("moved", JSON.object(moved).text)
        try folder.write("moved.sig", signature)
        #expect(try folder.anyclaude("plan", "verify", "moved").status == 0)
        expectRefusal(try verify("moved"), folder, saying: "not a signature of this plan and its precondition")

        try folder.write("other.yaml", "backend: claude\nproxy: { port: 9999 }\n")
        try #require(try folder.anyclaude("plan", "-f", "other.yaml", "--out", "q", "--sign", "ada").status == 0)
        try folder.write("p.sig", try folder.read("q.sig"))
        expectRefusal(try verify("p"), folder, saying: "not a signature of this plan")

        try folder.write("p.sig", "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n")
        expectRefusal(try verify("p"), folder, saying: "p.sig")
        try folder.write("p.sig", String(repeating: "x", count: 100_000))
        #expect(try verify("p").status == 74)
    }

    @Test func onlyTheSignersMaySign() throws {
        let folder = try signed()
        let wrong = try folder.anyclaude("plan", "verify", "p", "--verify", "signers", "--signer", "bob@example.org")
        expectRefusal(wrong, folder, saying: "by bob@example.org")
        try #require(try folder.anyclaude("plan", "--out", "e", "--sign", "eve").status == 0)
        expectRefusal(try folder.anyclaude("plan", "verify", "e", "--verify", "signers"), folder, saying: "was not made by a key in signers")

        let key = try folder.read("ada.pub")
        try folder.write("expired", "ada@example.org valid-before=\"20200101\" \(key)")
        expectRefusal(try folder.anyclaude("plan", "verify", "p", "--verify", "expired"), folder, saying: "expired")
        try folder.write("elsewhere", "ada@example.org namespaces=\"git\" \(key)")
        expectRefusal(try folder.anyclaude("plan", "verify", "p", "--verify", "elsewhere"), folder, saying: "elsewhere")
        try folder.write("here", "ada@example.org namespaces=\"anyclaude-plan@v1\" \(key)")
        #expect(try folder.anyclaude("plan", "verify", "p", "--verify", "here").status == 0)
        #expect(try folder.anyclaude("plan", "verify", "p", "--verify", "nowhere").status == 66)
    }

    /// A signature of the right bytes that was made for something else is none of a plan.
    @Test func anotherNamespaceIsRefused() throws {
        let folder = try signed()
        let id = try #require(try JSON(parsing: try folder.read("p"))["plan_id"]?.stringValue)
        let document = #"{"format":"anyclaude.plan.signed","format_version":"1.0","plan_id":"\#(id)","precondition":{"base_plan_id":null}}"#
        for (namespace, status) in [("anyclaude-plan@v1", Int32(0)), ("git", 6)] {
            let made = try folder.run("ssh-keygen", "-q", "-Y", "sign", "-f", "ada", "-n", namespace, input: document)
            try folder.write("p.sig", made.output)
            let run = try folder.anyclaude("plan", "verify", "p", "--verify", "signers")
            #expect(run.status == status, "\(namespace): \(run.output)\(run.errors)")
        }
    }

    /// The signature says nothing of where the plan was made: nobody is led into another folder by it.
    @Test(.enabled(if: TestEnvironment.hasPrograms, "the supervisor is not built"))
    func aSignedPlanRunsInTheFolderOfWhoAppliesIt() throws {
        let folder = try signed()
        try folder.write("elsewhere/x", "")
        let plan = try folder.read("p").replacing("\".anyclauderc.yaml\"", with: "\"\(folder.path)/elsewhere/.anyclauderc.yaml\"")
        try folder.write("p", plan)
        #expect(plan.contains("/elsewhere/"))
        let here = try folder.anyclaude("apply", "p", "--dry-run", "--verify", "signers")
        #expect(here.errors.contains("begin in \(folder.path); --directory"), "\(here.output)\(here.errors)")
        let there = try folder.anyclaude("apply", "p", "--dry-run", "--verify", "signers", "--directory", "elsewhere")
        #expect(!there.errors.contains("--directory"), "\(there.errors)")
        #expect(try folder.anyclaude("apply", "p", "--dry-run", "--verify", "signers", "--directory", "nowhere").status == 66)
    }

    @Test func theKeyMayBeInAnAgent() throws {
        let folder = try signed()
        let script = "ssh-add -q ada && mv ada hidden && \"$0\" plan --out agent --sign ada.pub"
        let run = try folder.run("ssh-agent", "sh", "-c", script, try #require(PlanFolder.cli))
        #expect(run.status == 0, "\(run.output)\(run.errors)")
        #expect(try folder.anyclaude("plan", "verify", "agent", "--verify", "signers").status == 0)
    }

    @Test func aPlanThatCannotBeSignedIsNotSaved() throws {
        let folder = try signed()
        let missing = try folder.anyclaude("plan", "--out", "new", "--sign", "no-key")
        #expect(missing.status == 66 && missing.errors.contains("no-key"), "\(missing.errors)")
        try folder.write("nonsense", "no key\n")
        let nonsense = try folder.anyclaude("plan", "--out", "new", "--sign", "nonsense")
        #expect(nonsense.status == 3 && nonsense.errors.contains("did not sign"), "\(nonsense.errors)")
        folder.environment["PATH"] = "/nowhere"
        let without = try folder.anyclaude("plan", "--out", "new", "--sign", "ada")
        #expect(without.status == 66 && without.errors.contains("openssh-client"), "\(without.errors)")
        #expect(!folder.exists("new") && !folder.exists("new.sig"))
    }

    /// Whatever is called ssh-keygen on PATH: it may not fill the memory, and one that does not read ends nothing but itself.
    @Test(arguments: [("yes", Int32(74), "wrote more than"), ("exec <&-; exit 9", 6, "was not made by a key"), ("kill -9 $$", 6, "not made by")])
    func aToolThatMisbehavesIsContained(script: String, status: Int32, word: String) throws {
        let folder = try signed()
        // By another process: where this one had the file open for writing, a program that another test starts just then would hold it,
        // and the kernel executes no file that somebody may write to.
        let written = try folder.run(
            "/bin/sh", "-c", "mkdir bin && cat > bin/ssh-keygen && chmod 755 bin/ssh-keygen", input: "#!/bin/sh\n\(script)\n")
        try #require(written.status == 0, "\(written.errors)")
        folder.environment["PATH"] = "\(folder.path)/bin:/usr/bin:/bin"
        let run = try folder.anyclaude("plan", "verify", "p", "--verify", "signers")
        #expect(run.status == status && run.errors.contains(word), "\(run.status) \(run.errors)")
    }

    @Test func aSignatureOfAnEarlierPlanIsPointedOut() throws {
        let folder = try signed()
        let run = try folder.anyclaude("plan", "--out", "p")
        #expect(run.status == 0 && run.errors.contains("p.sig is of another plan"), "\(run.errors)")
    }
}
