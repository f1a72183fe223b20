import ArgumentParser
import Control
import Glibc

/// Waits until something answers: the last step of the start of a unit that `emit systemd` wrote.
struct ProbeCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "probe", abstract: "Ask until an answer comes or the time is over; with none of --get, --post and a program, connect.",
        shouldDisplay: false)

    @OptionGroup var global: GlobalOptions
    @Option(help: ArgumentHelp("GET this path; a status of 200 to 399 passes.", valueName: "PATH")) var get: String?
    @Option(help: ArgumentHelp("POST --body to this path.", valueName: "PATH")) var post: String?
    @Option(help: ArgumentHelp("What is posted: JSON.", valueName: "JSON")) var body = ""
    @Option(help: "Where it answers.") var host = "127.0.0.1"
    @Option(help: "Where it answers.") var port: Int?
    @Option(help: ArgumentHelp("Where it answers, as the path of a socket.", valueName: "PATH")) var unix: String?
    @Option(help: ArgumentHelp("Give up after this time, in milliseconds.", valueName: "MS")) var deadline = 120_000
    @Option(help: ArgumentHelp("Wait this long between two questions.", valueName: "MS")) var period = 250
    @Option(help: ArgumentHelp("Wait this long for one answer.", valueName: "MS")) var timeout = 60_000
    @Option(help: ArgumentHelp("Give up as soon as this process is gone.", valueName: "PID")) var pid: Int32?
    @Argument(help: "A program instead, which passes with the exit code 0.") var program: [String] = []

    func validate() throws {
        if [get != nil, post != nil, !program.isEmpty].count(where: { $0 }) > 1 {
            throw ValidationError("one question only: --get, --post, or a program behind `--`")
        }
        if program.isEmpty, (port == nil) == (unix == nil) { throw ValidationError("name --port or --unix") }
        if let port, !(1...65_535).contains(port) { throw ValidationError("--port \(port): expected a number within 1...65535") }
        for (name, value) in [("--deadline", deadline), ("--period", period), ("--timeout", timeout)] where !(1...86_400_000).contains(value) {
            throw ValidationError("\(name) \(value): expected a number within 1...86400000")
        }
    }

    func execute(_ session: Session) throws -> Int32 {
        let end = Deadline.after(milliseconds: deadline)
        var earlier: String?
        while true {
            guard let latest = try ask(by: min(end, .after(milliseconds: timeout)), session) else { return ExitStatus.success }
            session.debug(1, latest)
            // A question that the end cuts off says less than the one before it.
            let failure = end.hasPassed ? earlier ?? latest : latest
            earlier = failure
            if let pid, kill(pid, 0) != 0, errno == ESRCH {
                throw CommandError(
                    "the process \(pid) ended before it answered: \(failure)", hint: "its log says why", exitCode: ExitStatus.diagnostics)
            }
            guard !end.hasPassed else {
                throw CommandError(
                    "no answer within \(Text.duration(milliseconds: deadline)): \(failure)",
                    hint: "`health.startup.timeout` says how long a start may take",
                    exitCode: ExitStatus.diagnostics)
            }
            Pause.milliseconds(min(period, end.remainingMs))
        }
    }

    /// Nil where it passed; else why not.
    private func ask(by end: Deadline, _ session: Session) throws -> String? {
        do throws(ControlClientError) {
            if let path = get { return try status(HTTPRequest(method: "GET", path: path), end) }
            if let path = post {
                let headers = ["content-type": "application/json"]
                return try status(HTTPRequest(method: "POST", path: path, headers: headers, body: Array(body.utf8)), end)
            }
            if program.isEmpty {
                if let unix { _ = try SocketChannel.unix(path: unix, by: end) }
                if let port { _ = try SocketChannel.tcp(host: host, port: port, by: end) }
                return nil
            }
        } catch {
            return error.message
        }
        return try run(by: end, session)
    }

    private func status(_ request: HTTPRequest, _ end: Deadline) throws(ControlClientError) -> String? {
        let client = unix.map { HTTPClient(unixSocket: $0) } ?? HTTPClient(host: host, port: port ?? 0)
        let status = try client.answer(to: request, by: end).status
        return (200...399).contains(status) ? nil : "\(request.method) \(request.path) answered \(status)"
    }

    private func run(by end: Deadline, _ session: Session) throws -> String? {
        let child = try ChildProcess.spawn(program, environment: session.caller.environment)
        while true {
            if let ending = ChildProcess.ending(of: child) { return ending == .exited(0) ? nil : "\(program[0]): \(ending)" }
            if end.hasPassed {
                kill(child, SIGKILL)
                while ChildProcess.ending(of: child) == nil { Pause.milliseconds(5) }
                return "\(program[0]) takes too long"
            }
            Pause.milliseconds(5)
        }
    }
}
