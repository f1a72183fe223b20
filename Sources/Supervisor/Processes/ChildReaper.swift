import Glibc

/// The only place that waits for children: every one that ends is buried here, the orphans too that a subreaper inherits.
final class ChildReaper {
    private var expected: [Int32: (ExitStatus) -> Void] = [:]

    /// - Parameter handler: called once, on the loop, when the child has ended.
    func expect(_ pid: Int32, _ handler: @escaping (ExitStatus) -> Void) { expected[pid] = handler }

    /// A child that was started here, and no orphan.
    func expects(_ pid: Int32) -> Bool { expected[pid] != nil }

    func forget(_ pid: Int32) { expected[pid] = nil }

    /// On SIGCHLD, which may stand for several.
    /// - Returns: true where orphans were among them.
    func reap() -> Bool {
        var hadOrphans = false
        while true {
            var status: CInt = 0
            let pid = waitpid(-1, &status, WNOHANG)
            if pid < 0, errno == EINTR { continue }
            guard pid > 0 else { return hadOrphans }
            if let handler = expected.removeValue(forKey: pid) { handler(ExitStatus(waitStatus: status)) } else { hadOrphans = true }
        }
    }
}

extension ExitStatus {
    /// Of wait(2).
    init(waitStatus status: CInt) {
        let signal = status & 0x7F
        self = signal == 0 ? .exited((status >> 8) & 0xFF) : .signalled(signal)
    }
}
