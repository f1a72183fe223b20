import Control
import Glibc

/// The proxy beside this program, serving a capture's answers for as long as this value lives.
final class ReplayServer {
    let url: String
    private let pid: pid_t
    /// It ends where nobody holds the other end of its standard input: with this process, however that ends.
    private let hold: Int32
    private static let startMs = 30_000
    private static let endMs = 10_000

    static func arguments(_ session: Session, _ file: String, _ backend: String, port: Int) -> [String] {
        ["\(session.caller.programs)/anyclaude-proxy", "--replay", file, "--backend", backend, "--port", String(port)]
    }

    init(_ session: Session, file: String, backend: String) throws {
        let (input, output) = (try Self.pipe(), try Self.pipe())
        defer {
            close(input.read)
            close(output.write)
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input.read, STDIN_FILENO)
        posix_spawn_file_actions_adddup2(&actions, output.write, STDOUT_FILENO)
        let arguments = Self.arguments(session, file, backend, port: 0) + ["--until-input-ends"]
        do {
            pid = try ChildProcess.spawn(arguments, session.caller.environment, &actions, flags: 0)
        } catch {
            close(input.write)
            close(output.read)
            throw error
        }
        hold = input.write
        guard let line = Self.line(output.read, by: .after(milliseconds: Self.startMs)) else {
            close(output.read)
            close(input.write)
            Self.end(pid)
            throw CommandError("the proxy that serves \(file) did not start", exitCode: ExitStatus.inputOutput)
        }
        close(output.read)
        url = line
    }

    deinit {
        close(hold)
        Self.end(pid)
    }

    private static func end(_ pid: pid_t) {
        kill(pid, SIGTERM)
        let deadline = Deadline.after(milliseconds: endMs)
        while ChildProcess.ending(of: pid) == nil {
            if deadline.hasPassed { kill(pid, SIGKILL) }
            Pause.briefly()
        }
    }

    /// Both ends above the standard descriptors, and not passed on.
    private static func pipe() throws(CommandError) -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        guard Glibc.pipe(&ends) == 0 else { throw CommandError("make", "a pipe", errno: errno) }
        let high = ends.map { fcntl($0, F_DUPFD_CLOEXEC, 3) }
        for end in ends { close(end) }
        guard high.allSatisfy({ $0 >= 0 }) else { throw CommandError("make", "a pipe", errno: errno) }
        return (high[0], high[1])
    }

    /// The first line; nil where none comes.
    private static func line(_ descriptor: Int32, by deadline: Deadline) -> String? {
        var bytes: [UInt8] = []
        while bytes.count < 4096 {
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&entry, 1, Int32(clamping: deadline.remainingMs)) > 0 || !deadline.hasPassed else { return nil }
            guard entry.revents != 0 else { continue }
            var byte: UInt8 = 0
            guard read(descriptor, &byte, 1) == 1 else { return nil }
            if byte == 0x0A { return String(decoding: bytes, as: UTF8.self) }
            bytes.append(byte)
        }
        return nil
    }
}
