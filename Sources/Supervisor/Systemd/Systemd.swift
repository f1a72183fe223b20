import CSystemd
import Glibc

/// What the supervisor tells systemd (sd_notify(3)); nothing where systemd did not start it.
struct Systemd {
    let isPresent: Bool
    /// How often WATCHDOG=1 is due, half of what the unit says; nil without a watchdog.
    let watchdogPeriodMs: Int?

    /// Takes the variables, so that no service inherits them.
    init() {
        isPresent = getenv("NOTIFY_SOCKET") != nil
        var interval: UInt64 = 0
        watchdogPeriodMs = sd_watchdog_enabled(0, &interval) > 0 ? max(1, Int(interval / 2000)) : nil
    }

    func ready(_ status: String) { notify("READY=1\nSTATUS=\(status)\nMAINPID=\(getpid())") }
    func status(_ text: String) { notify("STATUS=\(text)") }
    func watchdog() { notify("WATCHDOG=1") }
    func stopping() { notify("STOPPING=1\nSTATUS=stopping all services") }

    /// For Type=notify-reload: the time proves to systemd that this answers its own signal and not an older one.
    func reloading() {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        notify("RELOADING=1\nMONOTONIC_USEC=\(time.tv_sec * 1_000_000 + time.tv_nsec / 1000)")
    }

    /// systemd keeps the descriptors while the supervisor is away, and passes them to the next one.
    func store(_ descriptors: [CInt], name: String) {
        guard isPresent else { return }
        _ = descriptors.withUnsafeBufferPointer { sd_pid_notify_with_fds(0, 0, "FDSTORE=1\nFDNAME=\(name)", $0.baseAddress, UInt32($0.count)) }
    }

    func forget(name: String) { notify("FDSTOREREMOVE=1\nFDNAME=\(name)") }

    private func notify(_ state: String) {
        guard isPresent else { return }
        _ = sd_notify(0, state)
    }
}
