import Glibc
import Synchronization

/// A child process with pipes at its standard streams, started by `posix_spawn`: between a fork and an exec, no code of ours or of a
/// library's runs in a copy of a process that has many threads.
final class SpawnedProgram {
    let pid: pid_t
    private(set) var output: [UInt8] = []
    private(set) var errors: [UInt8] = []
    private var pipes: [Int32]
    private var isReaped = false

    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    /// Descriptors get their close-on-exec one call after they are made: until then, no other child may be started.
    private static let spawning = Mutex(())

    /// - Parameter environment: all of it; nothing is inherited.
    init(_ program: String, _ arguments: [String], environment: [String: String], directory: String? = nil) throws {
        // A child that reads no input must not end its parent.
        signal(SIGPIPE, SIG_IGN)
        // `env` looks on the PATH that the child is given, not on ours, and goes to the folder.
        var words = [program] + arguments
        if let directory { words = ["/usr/bin/env", "-C", directory] + words } else if !program.contains("/") { words.insert("/usr/bin/env", at: 0) }
        (pid, pipes) = try Self.spawning.withLock { _ in try Self.spawn(words, environment.map { "\($0.key)=\($0.value)" }) }
    }

    /// The child and our ends of its standard streams.
    private static func spawn(_ words: [String], _ environment: [String]) throws -> (pid: pid_t, pipes: [Int32]) {
        var theirs: [Int32] = []
        var ours: [Int32] = []
        defer { for descriptor in theirs { close(descriptor) } }
        do {
            for stream in 0..<3 {
                var ends: [Int32] = [-1, -1]
                guard pipe(&ends) == 0 else { throw Failure(description: "pipe: \(String(cString: strerror(errno)))") }
                theirs.append(stream == 0 ? ends[0] : ends[1])
                ours.append(stream == 0 ? ends[1] : ends[0])
            }
            for descriptor in theirs + ours { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
            for descriptor in ours { _ = fcntl(descriptor, F_SETFL, O_NONBLOCK) }
            return (try start(words, environment, theirs), ours)
        } catch {
            for descriptor in ours { close(descriptor) }
            throw error
        }
    }

    deinit {
        for descriptor in pipes where descriptor >= 0 { close(descriptor) }
        if !isReaped { kill(SIGKILL) }
    }

    private static func start(_ words: [String], _ environment: [String], _ streams: [Int32]) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (stream, descriptor) in streams.enumerated() { posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(stream)) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigaddset(&signals, SIGPIPE)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
        var child: pid_t = 0
        let failure = withCStrings(words) { argv in withCStrings(environment) { posix_spawn(&child, words[0], &actions, &attributes, argv, $0) } }
        guard failure == 0 else { throw Failure(description: "\(words[0]): \(String(cString: strerror(failure)))") }
        return child
    }

    private static func withCStrings<Result>(_ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result) -> Result {
        let pointers = texts.map { strdup($0) }
        defer { for pointer in pointers { free(pointer) } }
        return body(pointers + [nil])
    }

    /// Writes all of `input`, reads what comes, and waits for the end of the program; what its own children still write is not waited for.
    ///
    /// - Returns: the status as a shell gives it; nil where it had to be killed at `end`.
    func exchange(_ input: [UInt8], until end: ContinuousClock.Instant) -> Int32? {
        var rest = input[...]
        while true {
            if rest.isEmpty { closeStream(0) }
            var entries: [pollfd] = []
            if pipes[0] >= 0 { entries.append(pollfd(fd: pipes[0], events: Int16(POLLOUT), revents: 0)) }
            for descriptor in pipes[1...] where descriptor >= 0 { entries.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)) }
            // The end of a process wakes no poll; it closes its streams just before, so that the last wait is short.
            _ = poll(&entries, nfds_t(entries.count), entries.isEmpty ? 1 : 20)
            if pipes[0] >= 0, entries[0].revents != 0 { write(&rest) }
            read(1, into: &output)
            read(2, into: &errors)
            if let status = reap(WNOHANG) {
                read(1, into: &output)
                read(2, into: &errors)
                return status
            }
            if ContinuousClock.now > end {
                kill(SIGKILL)
                return nil
            }
        }
    }

    /// Sends a signal; after SIGKILL, the process is gone when the call returns.
    func kill(_ signal: Int32) {
        guard !isReaped else { return }
        _ = Glibc.kill(pid, signal)
        if signal == SIGKILL { _ = reap(0) }
    }

    private func reap(_ options: Int32) -> Int32? {
        var status: Int32 = 0
        var result: pid_t
        repeat { result = waitpid(pid, &status, options) } while result < 0 && errno == EINTR
        guard result == pid else { return nil }
        isReaped = true
        let signal = status & 0x7F
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
    }

    private func closeStream(_ stream: Int) {
        if pipes[stream] >= 0 { close(pipes[stream]) }
        pipes[stream] = -1
    }

    private func write(_ rest: inout ArraySlice<UInt8>) {
        let count = rest.withUnsafeBytes { Glibc.write(pipes[0], $0.baseAddress, $0.count) }
        if count >= 0 {
            rest = rest.dropFirst(count)
        } else if errno != EAGAIN, errno != EINTR {
            // It does not want the rest.
            rest = []
        }
    }

    /// All that is there now.
    private func read(_ stream: Int, into bytes: inout [UInt8]) {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while pipes[stream] >= 0 {
            let count = Glibc.read(pipes[stream], &buffer, buffer.count)
            if count > 0 {
                bytes += buffer[..<count]
            } else if count == 0 || (errno != EINTR && errno != EAGAIN) {
                closeStream(stream)
            } else if errno == EAGAIN {
                return
            }
        }
    }
}
