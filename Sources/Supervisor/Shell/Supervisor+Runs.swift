import CProcess
import Glibc
import Host
import LaunchPlan

/// From the decision to start a process until nothing of it is left.
extension Supervisor {
    /// What comes before it is done (`start`).
    func launch(_ unit: Int, _ run: Int) {
        guard let service = core.units[unit]?.service, let identity = core.units[unit]?.identity else { return }
        do throws(OperationError) {
            try checkPort(service)
            var prepared = try launcher.prepare(service, bindings: roots(of: unit), secrets: secrets(of: unit), listeners: listeners)
            place(&prepared)
            let child: SpawnRequest.Child
            do throws(OperationError) {
                child = try prepared.request.spawn()
            } catch {
                prepared.abandon()
                throw error
            }
            for descriptor in prepared.borrowed { close(descriptor) }
            let numbers = prepared.request.descriptors.enumerated().map { ($1.name, Int32(3 + $0)) }
            let record = RunRecord(
                pid: child.pid, startTime: ProcFS.stat(child.pid)?.startTime ?? 0, identity: identity, service: service, bindings: bindings(of: unit),
                ready: false, descriptors: Dictionary(uniqueKeysWithValues: numbers), started: Clock.timestamp(), group: prepared.group?.path)
            let live = LiveRun(
                unit: unit, run: run, pid: child.pid, pidfd: child.pidfd, reaper: reaper, directory: prepared.directory, group: prepared.group,
                record: record)
            live.notify = prepared.notify
            self.live[unit] = live
            reaper.expect(child.pid) { [unowned self] status in self.leaderExited(live, status) }
            save(live)
            do throws(OperationError) {
                try connect(live, output: prepared.output, lease: prepared.lease)
            } catch {
                // It runs: it is ended as a process, not forgotten as a start that failed.
                log.write(.error, "\(service.name): \(error.message); it is ended")
                live.killAll()
            }
            live.pump?.note("\(service.name) started: pid \(child.pid)", afterOutput: false)
            handle(unit, .spawned(run: run, pid: child.pid))
        } catch {
            startFailed(unit, run, service, error)
        }
    }

    /// In a group of its own, where this process may make one. Without, what leaves its service is found by its parent and its environment.
    private func place(_ prepared: inout Launcher.Prepared) {
        guard let groups else { return }
        do throws(OperationError) {
            try prepared.place(in: try groups.make("\(instance.name).\(prepared.directory.name)"))
            groupProblem = nil
        } catch {
            if groupProblem != error.message { log.write(.warning, "\(error.message); services run without") }
            groupProblem = error.message
        }
    }

    func startFailed(_ unit: Int, _ run: Int, _ service: Service, _ error: OperationError) {
        let hint = error.hint.map { " (\($0))" } ?? ""
        log.write(.error, "\(service.name): \(error.message)\(hint)")
        handle(unit, .spawnFailed(run: run, reason: error.message + hint))
    }

    /// What the supervisor listens to of a run, new or adopted.
    func connect(_ live: LiveRun, output: CInt, lease: CInt?) throws(OperationError) {
        let service = live.record.service
        let file = logFile(service)
        live.pump = try OutputPump(
            loop: loop, descriptor: output, log: file, whenFull: service.logs.whenFull,
            onLines: { [unowned self] lines in self.publish(lines, service.name) },
            onProblem: { [unowned self] problem in self.log.write(.error, "\(service.name): \(problem)") })
        if live.notify >= 0 { try loop.watch(live.notify, readable) { [unowned self] _ in self.receiveNotifications(live) } }
        if let lease {
            live.lease = try LeaseChannel(
                loop: loop, descriptor: lease, onRequest: { [unowned self] request in self.lease(request, live) },
                onClose: { [unowned self] in
                    self.releaseLeases(of: live.unit)
                    self.leasesChanged.insert(live.unit)
                })
        }
    }

    /// One for each path: two instances of a service that write to one log must agree on its rotation.
    private func logFile(_ service: Service) -> LogFile {
        let path = logPath(service)
        let file = logFiles[path] ?? LogFile(path: path)
        file.policy = service.logs
        logFiles[path] = file
        return file
    }

    func logPath(_ service: Service) -> String { "\(instance.logs)/\(service.logs.file ?? "\(service.name).log")" }

    func save(_ live: LiveRun) {
        do throws(OperationError) {
            try live.record.write(live.directory)
        } catch {
            log.write(.error, "\(live.record.service.name): a restart of the supervisor would not find this process: \(error.message)")
        }
    }

    // MARK: notifications

    private func receiveNotifications(_ live: LiveRun) {
        var buffer = [UInt8](repeating: 0, count: 8192)
        while live.notify >= 0 {
            var pid: Int32 = 0
            var uid = uid_t.max
            let count = cprocess_receive(live.notify, &buffer, buffer.count, &pid, &uid)
            guard count > 0 else { return }
            guard uid == geteuid() || uid == 0 else { continue }
            for line in String(decoding: buffer[..<count], as: UTF8.self).split(separator: "\n") {
                if line == "READY=1" { handle(live.unit, .notifiedReady(run: live.run)) }
                if line.hasPrefix("STATUS=") {
                    let text = String(line.dropFirst(7).prefix(200))
                    handle(live.unit, .notifiedStatus(run: live.run, text))
                    progressed(live.unit, text)
                    if let name = core.units[live.unit]?.name { answerLeases(for: name) }
                }
            }
        }
    }

    // MARK: end

    func leaderExited(_ live: LiveRun, _ status: ExitStatus) {
        guard !live.leaderExited else { return }
        live.leaderExited = true
        if live.reaper == nil { loop.unwatch(live.pidfd) }
        live.pump?.note("\(live.record.service.name) ended: \(status)")
        handle(live.unit, .exited(run: live.run, status))
        if live.emptinessCheck == nil { checkEmptiness(live) }
    }

    /// Ends the run when nothing of it is left. What is not a descendant of ours tells us nothing when it ends: it is looked
    /// for again until then, and only while something is being stopped.
    func checkEmptiness(_ live: LiveRun) {
        guard live.leaderExited, self.live[live.unit] === live else { return }
        if let token = live.emptinessCheck {
            loop.cancel(token)
            live.emptinessCheck = nil
        }
        guard live.isEmpty() else {
            live.emptinessCheck = loop.schedule(at: EventLoop.now + Self.emptinessPeriodMs) { [unowned self] in
                live.emptinessCheck = nil
                self.checkEmptiness(live)
            }
            return
        }
        release(live)
        handle(live.unit, .gone(run: live.run))
    }

    static let emptinessPeriodMs = 50

    /// Orphans of ours were buried: some run may be empty now.
    func checkEndingRuns() {
        for live in live.values where live.leaderExited { checkEmptiness(live) }
    }

    private func release(_ live: LiveRun) {
        self.live[live.unit] = nil
        for attempt in live.probes.values { attempt.cancel() }
        live.probes = [:]
        live.pump?.finish()
        live.lease?.close()
        releaseLeases(of: live.unit)
        if live.notify >= 0 {
            loop.unwatch(live.notify)
            close(live.notify)
            live.notify = -1
        }
        close(live.pidfd)
        live.group?.remove()
        endedRuns.append(live.directory)
    }

    /// Once for all that a batch of events ended: a service that is to run again does not wait for it.
    func removeEndedRuns() {
        endedRuns = endedRuns.filter { directory in
            Folder.remove(directory.path)
            // Without descriptors a folder cannot be listed, and so not emptied: later, then.
            return access(directory.path, F_OK) == 0
        }
    }
}
