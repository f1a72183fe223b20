import CProcess
import Control
import Glibc
import Host
import LaunchPlan

/// What an earlier supervisor left: its processes are taken over, and what cannot be is ended.
extension Supervisor {
    func adoptRuns() {
        var adopted = Set<String>()
        for directory in RunDirectory.all(in: instance.runtime) {
            guard let record = RunRecord.read(directory), let pidfd = openProcess(record) else { continue }
            do throws(OperationError) {
                try adopt(record, directory, pidfd)
                adopted.insert(directory.path)
            } catch {
                log.write(.error, "\(record.service.name): cannot take over pid \(record.pid): \(error.message); it is ended")
            }
        }
        endStrays(except: adopted)
        let groups = Set(live.values.compactMap(\.group?.path))
        for group in self.groups?.groups(of: instance.name) ?? [] where !groups.contains(group.path) {
            if group.isPopulated { log.write(.warning, "what is left in the control group \(group.path) is killed") }
            group.killAll()
            group.remove()
        }
        for directory in RunDirectory.all(in: instance.runtime) where !adopted.contains(directory.path) { Folder.remove(directory.path) }
    }

    /// The very process of the record, or nil: a number may be another's by now. The pidfd is opened before the start time is
    /// read, so that both speak of one process.
    private func openProcess(_ record: RunRecord) -> CInt? {
        let pidfd = cprocess_pidfd_open(record.pid)
        guard pidfd >= 0 else { return nil }
        guard let stat = ProcFS.stat(record.pid), stat.startTime == record.startTime, stat.state != UInt8(ascii: "Z") else {
            close(pidfd)
            return nil
        }
        return pidfd
    }

    private func adopt(_ record: RunRecord, _ directory: RunDirectory, _ pidfd: CInt) throws(OperationError) {
        let service = record.service
        var identity = record.identity
        for socket in service.sockets {
            guard case .tcp(let host, let port) = socket.address, let number = record.descriptors[socket.name] else { continue }
            if !listeners.recover(from: pidfd, number: number, host: host, port: port) {
                // Without its listener the service can be kept, but never be replaced: exchange it now rather than fail later.
                log.write(.warning, "\(service.name): cannot take over its listener \(host):\(port); it is started anew")
                identity = ""
            }
        }
        let output = try Launcher.openOutput(directory)
        let notify = try Sockets.notifySocket(directory.notify)
        var lease: CInt?
        if let number = record.descriptors[DescriptorName.leaseKeeper] {
            let descriptor = cprocess_pidfd_getfd(pidfd, number)
            if descriptor >= 0 { lease = descriptor } else { identity = "" }
        }
        let (unit, actions) = core.adopt(service, identity: identity, pid: record.pid, ready: record.ready, now: EventLoop.now)
        bindings[unit] = record.bindings
        // A child of the image before this one is a child of this one: its end is told like that of any other.
        let isChild = ProcFS.stat(record.pid)?.parent == getpid()
        let live = LiveRun(
            unit: unit, run: 1, pid: record.pid, pidfd: pidfd, reaper: isChild ? reaper : nil, directory: directory,
            group: record.group.flatMap(ControlGroup.init(existing:)), record: record)
        live.notify = notify
        self.live[unit] = live
        try connect(live, output: output, lease: lease)
        if isChild {
            reaper.expect(record.pid) { [unowned self] status in self.leaderExited(live, status) }
        } else {
            try loop.watch(pidfd, readable) { [unowned self] _ in
                self.leaderExited(live, self.exitStatus(live))
            }
        }
        restoreLeases(live)
        log.write(.notice, "\(service.name): adopted pid \(record.pid), started \(record.started)")
        for action in actions { perform(action) }
    }

    /// How a process ended that is not our child: the kernel keeps it behind the pidfd once its parent has waited for it, and in
    /// `/proc` until then; before Linux 6.15 only the latter.
    private func exitStatus(_ live: LiveRun) -> ExitStatus {
        if let stat = ProcFS.stat(live.pid), stat.startTime == live.record.startTime, let status = stat.waitStatus {
            return ExitStatus(waitStatus: status)
        }
        var status: CInt = 0
        return cprocess_pidfd_exit_status(live.pidfd, &status) == 0 ? ExitStatus(waitStatus: status) : .unknown
    }

    /// Processes of this instance that belong to no adopted run: their supervisor died between their start and its note of it,
    /// or their leader has ended since.
    private func endStrays(except adopted: Set<String>) {
        for stray in Membership.strays(below: instance.runtime) where !adopted.contains(stray.directory) {
            let pidfd = cprocess_pidfd_open(stray.pid)
            guard pidfd >= 0 else { continue }
            defer { close(pidfd) }
            guard ProcFS.environmentValue(Membership.variable, of: stray.pid) == stray.directory else { continue }
            log.write(.warning, "pid \(stray.pid) of \(stray.directory) is left over; it is killed")
            _ = cprocess_pidfd_signal(pidfd, SIGKILL)
        }
    }

    /// The file that is there while a supervisor stops: should it end in the middle of that, no other one will do the rest.
    static func stoppingMark(_ instance: Instance) -> String { "\(instance.runtime)/stopping" }

    /// For `--sweep`: ends all processes of the instance, where no supervisor is left to do it.
    static func sweep(_ instance: Instance, environment: [String: String]) {
        let groups = ControlGroupTree(environment: environment)?.groups(of: instance.name) ?? []
        // As often as something is found: a process that forks may escape one round, but not all of them.
        for _ in 0..<100 {
            for group in groups { group.killAll() }
            let strays = Membership.strays(below: instance.runtime)
            for stray in strays { kill(stray.pid, SIGKILL) }
            guard !strays.isEmpty || groups.contains(where: { !$0.remove() }) else { return }
            usleep(10_000)
        }
    }
}
