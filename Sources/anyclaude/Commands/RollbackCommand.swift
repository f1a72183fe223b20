import ArgumentParser
import Control

struct RollbackCommand: Command {
    static let configuration = CommandConfiguration(commandName: "rollback", abstract: "Return to an earlier generation.")

    @OptionGroup var global: GlobalOptions
    @Argument(help: ArgumentHelp("The generation; the last good one before the current where left out.", valueName: "n")) var generation: Int?
    @Flag(help: "Each step as one line of JSON.") var json = false

    func execute(_ session: Session) throws -> Int32 {
        let supervisor = try session.requireSupervisor(session.instanceName())
        let events = try supervisor.client.rollback(RollbackRequest(generation: generation, command: session.commandText))
        var runner = ProgressRunner(client: supervisor.client, reporter: ProgressReporter(json: json, session: session))
        let outcome = try runner.follow(events)
        if !json { outcome.report(session, done: "rolled back") }
        return Int32(outcome.exitCode)
    }
}
