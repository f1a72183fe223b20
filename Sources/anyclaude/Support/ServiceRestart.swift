import Control

/// Restarts one service and waits until its successor is ready.
struct ServiceRestart {
    let client: ControlClient
    let service: String
    /// For the history.
    let command: String

    /// - Returns: the service as it is then.
    /// - Throws: exit code 1 where it does not become ready by itself or in time.
    func run(within timeoutMs: Int) throws -> ServiceStatus {
        let before = try client.status().services.first { $0.name == service }
        _ = try client.restart(RestartRequest(service: service, command: command))
        let deadline = Deadline.after(milliseconds: timeoutMs)
        while !deadline.hasPassed {
            guard let now = try client.status().services.first(where: { $0.name == service }) else {
                throw CommandError("the service `\(service)` is gone", hint: "another apply removed it", exitCode: ExitStatus.precondition)
            }
            if now.state == .ready, now.pid != before?.pid { return now }
            if now.state == .failed || now.state == .stopped { throw notReady("is \(now.state.rawValue)", now) }
            Pause.briefly()
        }
        throw notReady("is not ready after \(Text.duration(milliseconds: timeoutMs))", try client.status().services.first { $0.name == service })
    }

    private func notReady(_ what: String, _ status: ServiceStatus?) -> CommandError {
        let reason = [status?.message, status?.lastExit].compactMap { $0 }.first.map { ": \(Text.line($0))" } ?? ""
        return CommandError("\(service) \(what)\(reason)", hint: "`anyclaude logs \(service)` shows its output", exitCode: ExitStatus.diagnostics)
    }
}
