import ArgumentParser
import Control

struct RestartCommand: Command {
    static let configuration = CommandConfiguration(commandName: "restart", abstract: "Restart one service and wait until it is ready.")

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The service.") var service: String
    @Option(help: ArgumentHelp("How long to wait for it.", valueName: "D")) var timeout = "5m"

    func validate() throws {
        if Text.milliseconds(timeout) == nil { throw ValidationError("--timeout \(timeout): expected a time, as 90s or 5m") }
    }

    func execute(_ session: Session) throws -> Int32 {
        let supervisor = try session.requireSupervisor(session.instanceName())
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

    private func notReady(_ what: String, _ status: ServiceStatus?) -> CommandError {
        let reason = [status?.message, status?.lastExit].compactMap { $0 }.first.map { ": \(Text.line($0))" } ?? ""
        return CommandError("\(service) \(what)\(reason)", hint: "`anyclaude logs \(service)` shows its output", exitCode: ExitStatus.diagnostics)
    }
}
