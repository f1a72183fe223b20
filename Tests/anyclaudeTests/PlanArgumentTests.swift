import Testing

@testable import anyclaude

/// `plan` is a command and a family of commands.
@Suite struct PlanArgumentTests {
    private func parse<Parsed>(_ type: Parsed.Type, _ arguments: String...) throws -> Parsed {
        try #require(try RootCommand.parseAsRoot(arguments) as? Parsed)
    }

    @Test func planAloneMakesOne() throws {
        #expect(try parse(PlanMakeCommand.self, "plan").explain.isEmpty)
        let made = try parse(PlanMakeCommand.self, "plan", "--out", "show", "--json", "-f", "x.yaml", "--detailed-exitcode")
        #expect(made.out == "show" && made.json && made.detailedExitCode && made.global.file == "x.yaml")
        #expect(try parse(PlanMakeCommand.self, "plan", "--explain", "port", "--explain", "proxy").explain == ["port", "proxy"])
        #expect(try parse(PlanMakeCommand.self, "plan", "make", "--offline").offline)
    }

    @Test func theOthersHaveTheirOwnOptions() throws {
        let shown = try parse(PlanShowCommand.self, "plan", "show", "--json", "3")
        #expect(shown.json && shown.name == "3")
        let verified = try parse(PlanVerifyCommand.self, "plan", "verify", "p", "--verify", "s", "--signer", "me")
        #expect(verified.signature.signers == "s" && verified.signature.signer == "me")
        #expect(try parse(PlanVerifyCommand.self, "plan", "verify", "p", "--allowed-signers", "s").signature.signers == "s")
        #expect(try parse(ApplyCommand.self, "apply", "p", "--verify", "s").signature.signers == "s")
    }

    @Test(arguments: [
        ["plan", "--sign", "k"], ["plan", "--out", "-"], ["plan", "--explain", "port", "--out", "x"], ["plan", "shw"], ["plan", "show"],
        ["plan", "show", "--out", "x", "p"], ["plan", "show", "--json", "--canonical", "p"], ["plan", "verify", "p", "--signer", "me"],
        ["apply", "--verify", "s"], ["apply", "p", "--signature", "x"], ["diff", "a"], ["diff", "-", "-"],
    ])
    func whatMakesNoSenseIsRefused(arguments: [String]) {
        #expect(throws: (any Error).self) { try RootCommand.parseAsRoot(arguments) }
    }

    @Test func helpNamesEverything() throws {
        #expect("\(try RootCommand.parseAsRoot(["plan", "--help"]))".contains("PlanMakeCommand"))
        let help = RootCommand.helpMessage(for: PlanMakeCommand.self)
        for word in ["anyclaude plan [<options>]", "plan show <plan>", "plan verify <planfile>", "--explain <KEY>", "--sign <KEY>", "--help"] {
            #expect(help.contains(word), "\(word) is missing in\n\(help)")
        }
    }

    @Test func completionKnowsBoth() {
        let script = RootCommand.completionScript(for: .bash)
        #expect(script.contains("--explain") && script.contains("verify") && script.contains("--allowed-signers"))
    }
}
