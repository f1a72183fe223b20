import ArgumentParser
import Control

struct RollbackCommand: Command {
    static let configuration = CommandConfiguration(commandName: "rollback", abstract: "Return to an earlier generation.")

    @OptionGroup var global: GlobalOptions
    @Argument(help: ArgumentHelp("The generation; the last good one before the current where left out.", valueName: "n")) var generation: Int?
    @Flag(help: "Each step as one line of JSON.") var json = false

    func execute(_ session: Session) throws -> Int32 {
        let name = session.instanceName()
        // After `down` too: what was applied is on the disk. Where nothing ever was, there is nothing to start a supervisor for.
        let isKnown = try StoredGeneration.current(state: session.instance(name).state) != nil
        let supervisor = isKnown ? try session.supervisor(name) : try session.requireSupervisor(name)
        let outcome: Outcome
        do {
            let events = try supervisor.client.rollback(RollbackRequest(generation: generation, command: session.commandText))
            var runner = ProgressRunner(client: supervisor.client, reporter: ProgressReporter(json: json, session: session))
            outcome = try runner.follow(events)
        } catch {
            supervisor.endIfEmpty(session)
            throw error
        }
        if outcome.exitCode != 0 { supervisor.endIfEmpty(session) }
        if !json { outcome.report(session, done: "rolled back") }
        return Int32(outcome.exitCode)
    }
}
