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
        let before = try supervisor.client.status().services.first { $0.name == service }
        _ = try supervisor.client.restart(RestartRequest(service: service, command: session.commandText))
        let deadline = Deadline.after(milliseconds: Text.milliseconds(timeout) ?? 0)
        while !deadline.hasPassed {
            guard let now = try supervisor.client.status().services.first(where: { $0.name == service }) else {
                throw CommandError("the service `\(service)` is gone", hint: "another apply removed it", exitCode: ExitStatus.precondition)
            }
            if now.state == .ready, now.pid != before?.pid {
                Output.print("\(service) is ready" + (now.pid.map { ", pid \($0)" } ?? ""))
                return ExitStatus.success
            }
            if now.state == .failed || now.state == .stopped { throw notReady("is \(now.state.rawValue)", now) }
            Pause.briefly()
        }
        throw notReady("is not ready after \(timeout)", try supervisor.client.status().services.first { $0.name == service })
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

    private func notReady(_ what: String, _ status: ServiceStatus?) -> CommandError {
        let reason = [status?.message, status?.lastExit].compactMap { $0 }.first.map { ": \(Text.line($0))" } ?? ""
        return CommandError("\(service) \(what)\(reason)", hint: "`anyclaude logs \(service)` shows its output", exitCode: ExitStatus.diagnostics)
    }
}
