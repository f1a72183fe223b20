import Glibc

/// The client that `run` starts: on this terminal, with its signals and its exit code passed through.
struct ClientProcess {
    /// What ends a stack that nobody but this command uses.
    static let endingSignals = [SIGINT, SIGTERM, SIGHUP]
    /// The terminal sends INT and QUIT to the client as well: it decides what they mean.
    static let watchedSignals = [SIGCHLD, SIGINT, SIGQUIT, SIGTERM, SIGHUP]

    let arguments: [String]
    let environment: [String: String]

    /// - Returns: the client's exit code; 128 and the signal where one ended it, as a shell says it.
    func run(holding attachment: Attachment, signals: inout SignalPipe) throws -> Int32 {
        let pid = try ChildProcess.spawn(arguments, environment: environment)
        while true {
            if let ending = ChildProcess.ending(of: pid) {
                attachment.restore()
                return ending.exitCode
            }
            for signal in try attachment.wait(for: signals) where signal == SIGTERM || signal == SIGHUP { kill(pid, signal) }
        }
    }
}
