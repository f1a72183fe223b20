import CProcess
import Glibc
import Host
import LaunchPlan

/// The shell's side of one run: the process and what the supervisor holds for it.
final class LiveRun {
    let unit: Int
    /// The machine's number of the run.
    let run: Int
    let pid: Int32
    let pidfd: CInt
    /// Of this process's children, where the run is one; nil where it was adopted.
    let reaper: ChildReaper?
    let directory: RunDirectory
    let group: ControlGroup?
    var record: RunRecord
    var leaderExited = false
    var isKilled = false
    var notify: CInt = -1
    var pump: OutputPump?
    var lease: LeaseChannel?
    var probes: [ProbeKind: ProbeAttempt] = [:]
    var emptinessCheck: TimerQueue.Token?

    init(unit: Int, run: Int, pid: Int32, pidfd: CInt, reaper: ChildReaper?, directory: RunDirectory, group: ControlGroup?, record: RunRecord) {
        self.unit = unit
        self.run = run
        self.pid = pid
        self.pidfd = pidfd
        self.reaper = reaper
        self.directory = directory
        self.group = group
        self.record = record
    }

    /// By the kernel's clock, so that it is right for an adopted process too.
    var uptimeMs: Int {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        let started = Int(record.startTime) * 1000 / max(1, sysconf(CInt(_SC_CLK_TCK)))
        return max(0, time.tv_sec * 1000 + time.tv_nsec / 1_000_000 - started)
    }

    /// Asks the run to end. The whole process group while its leader lives, and its number with it, with what left it as far as the control
    /// group knows; what is left of it one by one later.
    func terminate() {
        guard !leaderExited else {
            signalMembers(SIGTERM)
            return
        }
        kill(-pid, SIGTERM)
        for member in group?.members ?? [] where ProcFS.stat(member)?.group != pid { signal(member, SIGTERM) }
    }

    /// Ends all that belongs to the run, those too that left its group.
    func killAll() {
        isKilled = true
        group?.killAll()
        if !leaderExited { kill(-pid, SIGKILL) }
        signalMembers(SIGKILL)
    }

    /// Looks for what is left, and ends it too where the run is to be killed: what its death set free may have escaped before.
    func isEmpty() -> Bool {
        guard leaderExited else { return false }
        if let group, group.isPopulated {
            if isKilled { group.killAll() }
            return false
        }
        if let reaper, !Membership.mayBeLeft(wasStartedHere: reaper.expects) { return true }
        return signalMembers(isKilled ? SIGKILL : 0) == 0
    }

    /// All processes that belong to the run.
    var members: Set<Int32> {
        Set(Membership.members(leader: leader, directory: directory.path, wasStartedHere: reaper.map { $0.expects })).union(group?.members ?? [])
    }

    /// The number of its group and session; nil once it is another process's.
    private var leader: Int32? {
        guard let stat = ProcFS.stat(pid) else { return pid }
        return stat.startTime == record.startTime ? pid : nil
    }

    /// - Returns: how many there were.
    @discardableResult
    private func signalMembers(_ number: CInt) -> Int {
        let members = members
        for member in members where number != 0 { signal(member, number) }
        return members.count
    }

    /// Through a pidfd, and only when the process still belongs to the run then: its number may be another's by now.
    private func signal(_ member: Int32, _ number: CInt) {
        let descriptor = cprocess_pidfd_open(member)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        guard let stat = ProcFS.stat(member) else { return }
        let leader = leader
        let belongs =
            stat.group == leader || stat.session == leader || ProcFS.environmentValue(Membership.variable, of: member) == directory.path
            || group?.members.contains(member) ?? false
        if belongs { _ = cprocess_pidfd_signal(descriptor, number) }
    }
}
