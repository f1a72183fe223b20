import Glibc

/// The write end of the pipe of the one `SignalPipe`; written before any handler is set, read by handlers alone.
nonisolated(unsafe) private var signalPipeWriteEnd: Int32 = -1

/// Signals as bytes of a pipe, so that a loop can wait for them and for other descriptors at once.
struct SignalPipe {
    let descriptor: Int32

    init(_ signals: [Int32]) throws(CommandError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw CommandError("make", "a pipe", errno: errno) }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        descriptor = ends[0]
        signalPipeWriteEnd = ends[1]
        // A caller's blocked signals are inherited through exec, and would never come.
        var wanted = sigset_t()
        sigemptyset(&wanted)
        defer { sigprocmask(SIG_UNBLOCK, &wanted, nil) }
        for signal in signals {
            sigaddset(&wanted, signal)
            var action = sigaction()
            action.__sigaction_handler.sa_handler = { number in
                let saved = errno
                var byte = UInt8(truncatingIfNeeded: number)
                _ = write(signalPipeWriteEnd, &byte, 1)
                errno = saved
            }
            action.sa_flags = SA_RESTART
            sigaction(signal, &action, nil)
        }
    }

    /// The signals that have come since the last call.
    func take() -> [Int32] {
        var buffer = [UInt8](repeating: 0, count: 64)
        let count = read(descriptor, &buffer, buffer.count)
        return count > 0 ? buffer[..<count].map { Int32($0) } : []
    }
}
