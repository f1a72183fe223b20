import Control
@preconcurrency import Glibc

extension ChildProcess {
    /// A program that was run to its end.
    struct Finished {
        var ending: Ending
        var output: [UInt8]
        /// Empty where they went to the terminal.
        var errors: [UInt8]
    }

    enum StandardError {
        case captured
        /// This program's own: a question or a request to touch a key must reach the person at once.
        case inherited
    }

    /// Runs a program on this terminal with `input` as its standard input, and waits for it.
    ///
    /// - Parameter maximum: bytes of output, and of captured errors, beyond which the program is ended.
    /// - Throws: exit code 74 where it is not done by `deadline` or writes too much; it is ended then.
    static func run(
        _ arguments: [String], environment: [String: String], input: [UInt8] = [], errors: StandardError = .captured, maximum: Int = 64 << 10,
        deadline: Deadline
    ) throws(CommandError) -> Finished {
        let (source, output, complaints) = (try Pipe(), try Pipe(), try Pipe())
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, source.read, STDIN_FILENO)
        posix_spawn_file_actions_adddup2(&actions, output.write, STDOUT_FILENO)
        if case .captured = errors { posix_spawn_file_actions_adddup2(&actions, complaints.write, STDERR_FILENO) }
        // A program that ends without having read everything is no reason for this one to end.
        let handler = signal(SIGPIPE, SIG_IGN)
        defer { _ = signal(SIGPIPE, handler) }
        let pid = try spawn(arguments, environment, &actions, flags: 0)
        source.closeRead()
        output.closeWrite()
        complaints.closeWrite()
        do throws(CommandError) {
            var exchange = Exchange(program: arguments.first ?? "", input: input[...], maximum: maximum, deadline: deadline)
            try exchange.run(source, output, complaints)
            return Finished(ending: try exchange.ending(of: pid), output: exchange.output, errors: exchange.errors)
        } catch {
            kill(pid, SIGKILL)
            var status: Int32 = 0
            while waitpid(pid, &status, 0) < 0, errno == EINTR {}
            throw error
        }
    }

    /// What goes to and comes from a program until it has closed its ends.
    private struct Exchange {
        let program: String
        var input: ArraySlice<UInt8>
        let maximum: Int
        let deadline: Deadline
        var output: [UInt8] = []
        var errors: [UInt8] = []

        mutating func run(_ source: Pipe, _ sink: Pipe, _ complaints: Pipe) throws(CommandError) {
            while sink.read >= 0 || complaints.read >= 0 {
                if input.isEmpty { source.closeWrite() }
                // A negative descriptor is passed over.
                var entries = [
                    pollfd(fd: source.write, events: Int16(POLLOUT), revents: 0), pollfd(fd: sink.read, events: Int16(POLLIN), revents: 0),
                    pollfd(fd: complaints.read, events: Int16(POLLIN), revents: 0),
                ]
                let count = poll(&entries, nfds_t(entries.count), Int32(clamping: deadline.remainingMs))
                if count < 0, errno != EINTR { throw CommandError("wait for", program, errno: errno) }
                if count == 0, deadline.hasPassed { throw late }
                if count <= 0 { continue }
                if entries[0].revents != 0 { write(to: source) }
                if entries[1].revents != 0 { try take(from: sink, &output) }
                if entries[2].revents != 0 { try take(from: complaints, &errors) }
            }
        }

        private mutating func write(to pipe: Pipe) {
            let count = input.withUnsafeBytes { Glibc.write(pipe.write, $0.baseAddress, $0.count) }
            if count >= 0 { input = input.dropFirst(count) } else if errno != EINTR, errno != EAGAIN { input = [] }
        }

        private func take(from pipe: Pipe, _ bytes: inout [UInt8]) throws(CommandError) {
            var buffer = [UInt8](repeating: 0, count: 16 << 10)
            let count = read(pipe.read, &buffer, buffer.count)
            if count < 0, errno == EINTR || errno == EAGAIN { return }
            guard count > 0 else { return pipe.closeRead() }
            bytes += buffer[..<count]
            guard bytes.count <= maximum else { throw CommandError("\(program) wrote more than \(maximum) bytes", exitCode: ExitStatus.inputOutput) }
        }

        func ending(of pid: pid_t) throws(CommandError) -> Ending {
            while true {
                if let ending = ChildProcess.ending(of: pid) { return ending }
                if deadline.hasPassed { throw late }
                Pause.briefly()
            }
        }

        private var late: CommandError { CommandError("\(program) took too long and was ended", exitCode: ExitStatus.inputOutput) }
    }

    /// Both ends are closed on exec, not blocking on this side, and above the standard descriptors, which a caller may have closed.
    private final class Pipe {
        private(set) var read: Int32
        private(set) var write: Int32

        init() throws(CommandError) {
            var ends: [Int32] = [-1, -1]
            guard pipe(&ends) == 0 else { throw CommandError("make", "a pipe", errno: errno) }
            read = fcntl(ends[0], F_DUPFD_CLOEXEC, 3)
            write = fcntl(ends[1], F_DUPFD_CLOEXEC, 3)
            for end in ends { close(end) }
            guard read >= 0, write >= 0 else { throw CommandError("make", "a pipe", errno: errno) }
        }

        func closeRead() {
            if read >= 0 { close(read) }
            read = -1
        }

        func closeWrite() {
            if write >= 0 { close(write) }
            write = -1
        }

        deinit {
            closeRead()
            closeWrite()
        }
    }
}
