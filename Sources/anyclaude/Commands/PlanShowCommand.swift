import ArgumentParser
import JSON
import LaunchPlan

struct PlanShowCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show a saved plan or an applied generation as a whole.",
        discussion: "PLAN is a saved plan, `-` for standard input, the number of a generation, or `current`; `./3` is a file.",
        helpNames: .shortAndLong)

    @OptionGroup var global: GlobalOptions
    @Argument(help: ArgumentHelp("What to show.", valueName: "plan"), completion: .file()) var name: String
    @Flag(help: "The saved plan as JSON, as `apply` takes it.") var json = false
    @Flag(help: "The plan's body alone, in the canonical form that its id is the hash of.") var canonical = false

    func validate() throws {
        if json, canonical { throw ValidationError("--json and --canonical are two forms: choose one") }
    }

    func execute(_ session: Session) throws -> Int32 {
        let named = try session.namedPlan(name)
        if canonical {
            Output.print(bytes: named.envelope.plan.canonicalBytes)
        } else if json {
            var document = try JSON(encoding: named.envelope).objectValue ?? [:]
            if let generation = named.generation { document["generation"] = .integer(generation) }
            if let bindings = named.bindings { document["bindings"] = try JSON(encoding: bindings) }
            Output.print(JSON.object(document).versioned())
        } else {
            for line in PlanText(style: session.style).lines(named) { Output.print(line) }
        }
        return ExitStatus.success
    }
}
