import ArgumentParser
import Control

struct RestartCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "restart", abstract: "Restart one service and wait until it is ready.",
        discussion: "`anyclaude restart supervisor` executes the supervisor's program anew, as after an upgrade; no service is touched.")

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The service, or `supervisor`.") var service: String
    @Option(help: ArgumentHelp("How long to wait for it.", valueName: "D")) var timeout = "5m"

    func validate() throws {
        if Text.milliseconds(timeout) == nil { throw ValidationError("--timeout \(timeout): expected a time, as 90s or 5m") }
    }

    func execute(_ session: Session) throws -> Int32 {
        let supervisor = try session.requireSupervisor(session.instanceName())
        if service == RestartRequest.supervisor { return try restartSupervisor(session, supervisor.client) }
        let restart = ServiceRestart(client: supervisor.client, service: service, command: session.commandText)
        let status = try restart.run(within: Text.milliseconds(timeout) ?? 0)
        Output.print("\(service) is ready" + (status.pid.map { ", pid \($0)" } ?? ""))
        return ExitStatus.success
    }

    /// Its process stays: that it is another image is known by when it began.
    private func restartSupervisor(_ session: Session, _ client: ControlClient) throws -> Int32 {
        let before = try client.status()
        _ = try client.restart(RestartRequest(service: service, command: session.commandText))
        let deadline = Deadline.after(milliseconds: Text.milliseconds(timeout) ?? 0)
        while !deadline.hasPassed {
            // Between the two images nobody answers.
            if let now = try? client.status(), now.startedMs != before.startedMs {
                let versions = now.version == before.version ? now.version : "\(before.version), now \(now.version)"
                Output.print("the supervisor was executed anew: \(versions), pid \(now.pid)")
                return ExitStatus.success
            }
            Pause.briefly()
        }
        throw CommandError(
            "the supervisor does not answer after \(timeout)", hint: "its services live on; `anyclaude apply` starts another that adopts them",
            exitCode: ExitStatus.diagnostics)
    }
}
