import ArgumentParser
import Control
import Glibc

struct LogsCommand: Command {
    static let configuration = CommandConfiguration(commandName: "logs", abstract: "The output of the services.")

    @OptionGroup var global: FollowOptions
    @Flag(help: "The request log of the proxy instead: a line of JSON for each request.") var requests = false
    @Argument(help: "One service; all of them where left out.") var service: String?
    @Option(name: [.customShort("n"), .long], help: ArgumentHelp("How many of the last lines to begin with.", valueName: "N")) var lines = 50

    func validate() throws {
        if lines < 0 { throw ValidationError("-n \(lines): expected a number of lines") }
        if requests, global.follow || service != nil { throw ValidationError("--requests goes with -n alone; `tail -F` follows its file") }
    }

    func execute(_ session: Session) throws -> Int32 {
        let name = session.instanceName()
        if requests { return try showRequests(session, name) }
        guard let supervisor = try session.findSupervisor(name) else { return try showStored(session, name) }
        let events = try supervisor.client.logs(service: service, lines: lines, follow: global.follow)
        while true {
            switch try events.step(by: .after(milliseconds: 60_000)) {
            case .event(let line): show(line.line, of: line.service, session)
            case .waiting: guard global.follow else { throw CommandError("no more lines came in time", exitCode: ExitStatus.inputOutput) }
            case .ended: return ExitStatus.success
            }
        }
    }

    private func showRequests(_ session: Session, _ name: String) throws -> Int32 {
        guard let current = try session.currentPlan(name) else {
            throw CommandError(
                "nothing has been applied yet for the instance `\(name)`", hint: "`anyclaude apply` does it", exitCode: ExitStatus.precondition)
        }
        guard let path = RecordPlaces(try StackClient(current)).requests else {
            throw CommandError("the proxy writes no request log", hint: "set `proxy.requestLog.enabled: true`", exitCode: ExitStatus.precondition)
        }
        for line in Files.tail(path, lines: lines, window: 4 << 20) { Output.print(line) }
        Output.note(session.errorStyle.dim(path))
        return ExitStatus.success
    }

    /// What a stack that has stopped, or that never became healthy, left in its logs.
    private func showStored(_ session: Session, _ name: String) throws -> Int32 {
        let stored = StoredLogs(folder: session.instance(name).logs)
        let services = service.map { [$0] } ?? stored.services
        guard !global.follow, !services.isEmpty, services.allSatisfy(stored.services.contains) else {
            _ = try session.requireSupervisor(name)
            return ExitStatus.precondition
        }
        for name in services {
            for line in stored.tail(name, lines: lines) { show(line, of: name, session) }
        }
        return ExitStatus.success
    }

    /// As it is for files and pipes; a terminal must not obey what a service wrote.
    private func show(_ line: String, of name: String, _ session: Session) {
        let text = Terminal.isTerminal(STDOUT_FILENO) ? Text.line(line) : line
        Output.print(service == nil ? "\(session.style.dim("\(name) |")) \(text)" : text)
    }
}
