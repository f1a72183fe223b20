import ArgumentParser
import Control
import Host

struct DownCommand: Command {
    static let configuration = CommandConfiguration(commandName: "down", abstract: "Stop the stack and its supervisor; what was applied stays known.")

    @OptionGroup var global: GlobalOptions
    @Flag(help: "Each step as one line of JSON.") var json = false

    func execute(_ session: Session) throws -> Int32 {
        let name = session.instanceName()
        guard let supervisor = try session.findSupervisor(name) ?? adopting(name, session) else {
            if !json { Output.print("nothing runs for the instance `\(name)`") }
            return ExitStatus.success
        }
        let events = try supervisor.client.down(DownRequest(command: session.commandText))
        var runner = ProgressRunner(client: supervisor.client, reporter: ProgressReporter(json: json, session: session))
        let outcome = try runner.follow(events)
        if outcome.exitCode == 0 { try waitUntilGone(supervisor) }
        if !json { outcome.report(session, done: "stopped") }
        return Int32(outcome.exitCode)
    }

    /// Where a supervisor was killed, its services live on: another takes them over, to stop them as they are to be stopped.
    private func adopting(_ name: String, _ session: Session) throws -> RunningSupervisor? {
        let runtime = session.instance(name).runtime
        guard RunDirectory.all(in: runtime).contains(where: { Paths.exists($0.record) }) else { return nil }
        return try session.supervisor(name)
    }

    /// The supervisor answers before it ends: the next command must not find it half gone.
    private func waitUntilGone(_ supervisor: RunningSupervisor) throws {
        let deadline = Deadline.after(milliseconds: 10_000)
        while !deadline.hasPassed {
            do throws(ControlClientError) {
                _ = try supervisor.client.status()
            } catch {
                if error.kind == .unreachable || error.kind == .disconnected { return }
                throw error
            }
            Pause.briefly()
        }
        // Under systemd the manager may have started it again.
        guard !supervisor.isSystem else { return }
        throw CommandError(
            "the services have stopped, but the supervisor still answers", hint: "its log is in the instance's logs folder",
            exitCode: ExitStatus.inputOutput)
    }
}
