import Control
import Glibc

/// Starts `anyclaude-supervisor` as a process of its own and waits until it answers.
struct SupervisorLauncher {
    static let program = "anyclaude-supervisor"
    static let logName = "supervisor.log"
    /// It only has to take its lock and open a socket; whatever it starts comes later.
    static let timeoutMs = 15_000

    let session: Session
    let instance: Instance

    static func path(_ caller: Caller) throws(CommandError) -> String {
        let path = "\(caller.programs)/\(program)"
        guard Paths.isExecutable(path) else {
            throw CommandError(
                "\(path) is missing", hint: "the four programs of anyclaude belong into one folder; install them with `make install`",
                exitCode: ExitStatus.noInput)
        }
        return path
    }

    func launch(untilIdle: Bool) throws -> RunningSupervisor {
        let program = try Self.path(session.caller)
        try Paths.makeDirectory(instance.state, place: .state)
        try Paths.makeDirectory(instance.logs, place: .state)
        let log = "\(instance.logs)/\(Self.logName)"
        // What is current does not start by itself: an apply follows, and would replace it at once.
        let arguments = [program, "--instance", instance.name, "--idle"] + (untilIdle ? ["--until-idle"] : [])
        session.debug(1, "starting \(arguments.joined(separator: " "))")
        let pid = try ChildProcess.spawnDetached(arguments, environment: session.caller.environment, log: log)
        return try wait(for: pid, log: log, untilIdle)
    }

    private func wait(for pid: pid_t, log: String, _ untilIdle: Bool) throws -> RunningSupervisor {
        let deadline = Deadline.after(milliseconds: Self.timeoutMs)
        var ended: ChildProcess.Ending?
        while true {
            if let ready = try answering(untilIdle) { return ready }
            if ended == nil { ended = ChildProcess.ending(of: pid) }
            // Code 3: another supervisor was quicker. It is the one to wait for.
            if let ended, ended != .exited(ExitStatus.precondition) { throw failure("ended with \(ended)", log, ended) }
            guard !deadline.hasPassed else { throw failure("does not answer after \(Self.timeoutMs / 1000) s", log, ended) }
            _ = poll(nil, 0, 10)
        }
    }

    private func answering(_ untilIdle: Bool) throws -> RunningSupervisor? {
        do throws(ControlClientError) {
            let client = ControlClient(socket: instance.controlSocket)
            _ = try client.status()
            return RunningSupervisor(client: client, socket: instance.controlSocket, isSystem: false, isOurs: true, endsWithLastClient: untilIdle)
        } catch {
            if error.kind == .unreachable || error.kind == .disconnected { return nil }
            throw error
        }
    }

    private func failure(_ what: String, _ log: String, _ ending: ChildProcess.Ending?) -> CommandError {
        let tail = Files.tail(log, lines: 10).map { "  \(Text.line($0))" }.joined(separator: "\n")
        let code: Int32 =
            switch ending {
            case .exited(let code) where (1...6).contains(code) || (64...78).contains(code): code
            default: ExitStatus.internalError
            }
        return CommandError(
            "the supervisor \(what)" + (tail.isEmpty ? "" : "; the end of its log:\n\(tail)"), hint: "its log is \(log)", exitCode: code)
    }
}
