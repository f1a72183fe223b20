import ArgumentParser
import Control
import JSON

struct GCCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "gc", abstract: "Forget old generations, and the plans that only they had.",
        discussion: "Each apply keeps the last 20 good ones by itself. The current one always stays; a rollback reaches what is kept.")

    @OptionGroup var global: GlobalOptions
    @Option(help: ArgumentHelp("How many good generations stay besides the current one.", valueName: "N")) var keep = 20
    @Flag(help: "As JSON.") var json = false

    func validate() throws {
        if keep < 0 { throw ValidationError("--keep \(keep): expected a number that is not negative") }
    }

    func execute(_ session: Session) throws -> Int32 {
        let report = try session.requireSupervisor(session.instanceName()).client.collectGarbage(GCRequest(keep: keep))
        if json {
            Output.print(try JSON(encoding: report).versioned())
            return ExitStatus.success
        }
        let numbers = report.generations.map(String.init).joined(separator: ", ")
        Output.print(report.generations.isEmpty ? "nothing to forget" : "forgot generations \(numbers), and \(report.plans) plans with them")
        return ExitStatus.success
    }
}
