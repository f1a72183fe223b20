import Control
@preconcurrency import Glibc

extension ChildProcess {
    /// Runs a program that reads all of `input` and answers; its standard error is this program's.
    ///
    /// - Parameters:
    ///   - maximum: of the answer's bytes; a longer one ends the program and is an error.
    ///   - timeoutMs: for the whole exchange; a program that takes longer is killed.
    static func exchange(
        _ arguments: [String], environment: [String: String], input: [UInt8], maximum: Int, timeoutMs: Int
    ) throws(CommandError) -> (ending: Ending, output: [UInt8]) {
        // A socket instead of two pipes: a program that does not read is an error then, not a signal.
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw CommandError("make", "a socket", errno: errno)
        }
        let own = ends[0]
        defer { close(own) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDIN_FILENO)
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
        let pid = try started(arguments, environment, &actions, closing: ends[1])
        let deadline = Deadline.after(milliseconds: timeoutMs)
        do throws(CommandError) {
            let output = try talk(own, input, maximum, arguments[0], deadline)
            return (try wait(for: pid, arguments[0], deadline), output)
        } catch {
            kill(pid, SIGKILL)
            var status: Int32 = 0
            while waitpid(pid, &status, 0) < 0, errno == EINTR {}
            throw error
        }
    }

    private static func started(
        _ arguments: [String], _ environment: [String: String], _ actions: inout posix_spawn_file_actions_t, closing theirs: Int32
    ) throws(CommandError) -> pid_t {
        defer { close(theirs) }
        return try spawn(arguments, environment, &actions, flags: 0)
    }

    /// Sends and receives at once: neither side waits for the other.
    private static func talk(
        _ socket: Int32, _ input: [UInt8], _ maximum: Int, _ program: String, _ deadline: Deadline
    ) throws(CommandError) -> [UInt8] {
        var rest = input[...]
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            if rest.isEmpty { shutdown(socket, Int32(SHUT_WR)) }
            var entry = pollfd(fd: socket, events: Int16(POLLIN) | (rest.isEmpty ? 0 : Int16(POLLOUT)), revents: 0)
            let ready = poll(&entry, 1, Int32(clamping: deadline.remainingMs))
            guard ready > 0 else {
                if ready < 0, errno == EINTR { continue }
                throw late(program)
            }
            if entry.revents & Int16(POLLOUT) != 0, !rest.isEmpty {
                let count = rest.withUnsafeBytes { send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT)) }
                if count > 0 {
                    rest = rest.dropFirst(count)
                } else if errno != EAGAIN, errno != EINTR {
                    // It has ended without reading all; what it answered, if anything, still comes.
                    rest = []
                }
            }
            guard entry.revents & Int16(POLLIN | POLLHUP | POLLERR) != 0 else { continue }
            let count = recv(socket, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            if count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR) { return output }
            if count > 0 { output += buffer[..<count] }
            guard output.count <= maximum else {
                throw CommandError("\(program) answers more than \(maximum) bytes", exitCode: ExitStatus.internalError)
            }
        }
    }

    private static func wait(for pid: pid_t, _ program: String, _ deadline: Deadline) throws(CommandError) -> Ending {
        while true {
            if let ending = ending(of: pid) { return ending }
            guard !deadline.hasPassed else { throw late(program) }
            _ = poll(nil, 0, 2)
        }
    }

    private static func late(_ program: String) -> CommandError {
        CommandError("\(program) did not answer in time", hint: "is a disk or the machine very slow?", exitCode: ExitStatus.inputOutput)
    }
}
