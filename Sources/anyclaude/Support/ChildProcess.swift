@preconcurrency import Glibc

/// Starting other programs.
enum ChildProcess {
    enum Ending: Equatable, CustomStringConvertible {
        case exited(Int32)
        case signalled(Int32)

        init(status: Int32) {
            let signal = status & 0x7F
            self = signal == 0 ? .exited(status >> 8 & 0xFF) : .signalled(signal)
        }

        /// As a shell reports it.
        var exitCode: Int32 {
            switch self {
            case .exited(let code): code
            case .signalled(let signal): 128 + signal
            }
        }

        var description: String {
            switch self {
            case .exited(let code): "exit \(code)"
            case .signalled(let signal): "signal \(signal)"
            }
        }
    }

    /// POSIX_SPAWN_SETSID of glibc, whose header hides it from Swift.
    private static let setSession: Int16 = 0x80

    /// Starts a program in a session of its own, without a terminal; its output is added to `log`.
    static func spawnDetached(_ arguments: [String], environment: [String: String], log: String) throws(CommandError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        // The log is opened here too, so that a folder without permission is told from a program that cannot start.
        let probe = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard probe >= 0 else { throw CommandError("write", log, errno: errno, place: .state) }
        close(probe)
        closeOthersOnExec()
        return try spawn(arguments, environment, &actions, flags: setSession)
    }

    /// What the caller of this program left open must not live on in one that outlives it: whoever reads the other end of a pipe
    /// would wait for ever.
    private static func closeOthersOnExec() {
        guard let folder = opendir("/proc/self/fd") else { return }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            if let descriptor = CInt(name), descriptor > STDERR_FILENO { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        }
    }

    /// Starts a program on this terminal, in this process group.
    static func spawn(_ arguments: [String], environment: [String: String]) throws(CommandError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        return try spawn(arguments, environment, &actions, flags: 0)
    }

    static func spawn(
        _ arguments: [String], _ environment: [String: String], _ actions: inout posix_spawn_file_actions_t, flags: Int16
    ) throws(CommandError) -> pid_t {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // What this program does with signals must not be inherited.
        var all = sigset_t()
        sigfillset(&all)
        sigdelset(&all, SIGKILL)
        sigdelset(&all, SIGSTOP)
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, flags | Int16(POSIX_SPAWN_SETSIGDEF) | Int16(POSIX_SPAWN_SETSIGMASK))
        var pid: pid_t = 0
        let program = arguments.first ?? ""
        let code = withCStrings(arguments) { argv in
            withCStrings(environment.map { "\($0.key)=\($0.value)" }) { envp in posix_spawnp(&pid, program, &actions, &attributes, argv, envp) }
        }
        guard code == 0 else {
            throw CommandError(
                "cannot start \(program): \(String(cString: strerror(code)))", hint: code == ENOENT ? "install it, or check PATH" : nil,
                exitCode: code == EACCES ? ExitStatus.noPermission : ExitStatus.noInput)
        }
        return pid
    }

    /// Becomes another program. Returns only where that fails.
    static func replaceSelf(_ arguments: [String]) -> CommandError {
        _ = withCStrings(arguments) { execv(arguments.first ?? "", $0) }
        return CommandError("execute", arguments.first ?? "", errno: errno)
    }

    /// How the child ended; nil while it runs.
    static func ending(of pid: pid_t) -> Ending? {
        var status: Int32 = 0
        while true {
            let result = waitpid(pid, &status, WNOHANG)
            if result == pid { return Ending(status: status) }
            if result < 0, errno == EINTR { continue }
            return nil
        }
    }

    private static func withCStrings<Result>(_ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result) -> Result {
        let pointers = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: strings.count + 1)
        for (index, string) in strings.enumerated() { pointers[index] = strdup(string) }
        pointers[strings.count] = nil
        defer {
            for index in strings.indices { free(pointers[index]) }
            pointers.deallocate()
        }
        return body(pointers)
    }
}
