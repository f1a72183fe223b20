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
        (["plan", "--sign", "k"], "--sign goes with --out"), (["plan", "--out", "-"], "--out needs a file"),
        (["plan", "--explain", "port", "--out", "x"], "--explain makes no plan"), (["plan", "shw"], "Unexpected argument 'shw'"),
        (["plan", "show"], "Missing expected argument '<plan>'"), (["plan", "show", "--out", "x", "p"], "Unknown option '--out'"),
        (["plan", "show", "--json", "--canonical", "p"], "--json"), (["plan", "verify", "p", "--signer", "me"], "--signer"),
        (["apply", "--verify", "s"], "--verify is about a saved plan"), (["apply", "p", "--signature", "x"], "--signature"),
        (["diff", "a"], "Missing expected argument"), (["diff", "-", "-"], "standard input"),
    ])
    func whatMakesNoSenseIsRefused(arguments: [String], why: String) {
        let error = #expect(throws: (any Error).self) { try RootCommand.parseAsRoot(arguments) }
        let message = error.map { RootCommand.message(for: $0) } ?? ""
        #expect(message.contains(why), "\(message)")
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
