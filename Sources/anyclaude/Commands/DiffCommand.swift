import ArgumentParser
import JSON
import LaunchPlan

struct DiffCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Say what differs between two plans, service by service, and which lines are the reason.",
        discussion: """
            Each of the two is a saved plan, a configuration (compiled with the variables of this call), `-` for standard input, the number \
            of an applied generation, or `current`; `./3` is a file. Ends with 0 where nothing differs, and with 2 where something does.
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The plan to start from.", completion: .file()) var old: String
    @Argument(help: "The plan to arrive at.", completion: .file()) var new: String
    @Flag(help: "As JSON.") var json = false

    func validate() throws {
        if old == "-", new == "-" { throw ValidationError("standard input holds one of the two: name the other") }
    }

    func execute(_ session: Session) throws -> Int32 {
        let before = try session.namedPlan(old, takesConfiguration: true)
        let after = try session.namedPlan(new, takesConfiguration: true)
        let diff = try PlanDiff.between((before.plan, before.envelope.provenance), (after.plan, after.envelope.provenance))
        if json { Output.print(try document(before, after, diff)) } else { show(before, after, diff, session) }
        return diff.isEmpty ? ExitStatus.success : ExitStatus.changes
    }

    private func document(_ before: NamedPlan, _ after: NamedPlan, _ diff: PlanDiff) throws -> JSON {
        func side(_ named: NamedPlan) -> JSON { ["name": .string(named.title), "plan_id": .string(named.envelope.planId)] }
        let document: JSON = ["old": side(before), "new": side(after), "same": .bool(diff.isEmpty), "diff": try JSON(encoding: diff)]
        return document.versioned()
    }

    private func show(_ before: NamedPlan, _ after: NamedPlan, _ diff: PlanDiff, _ session: Session) {
        let text = DiffText(style: session.style)
        func side(_ named: NamedPlan) -> String { "\(Text.line(named.title)), plan \(Text.shortID(named.envelope.planId))" }
        Output.print("from \(side(before))\n  to \(side(after))\n")
        for line in text.lines(diff) { Output.print(line) }
        Output.print("\n\(diff.isEmpty ? "no difference" : text.summary(diff))")
    }
}
