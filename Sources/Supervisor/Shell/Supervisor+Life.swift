import CProcess
import Control
import Glibc
import Host
import JSON
import LaunchPlan
import Preflight
import Serving

/// From the first instruction to the last.
extension Supervisor {
    /// Runs a supervisor until it is told to stop.
    /// - Returns: the exit code of the process.
    static func run(_ options: SupervisorOptions, environment: [String: String]) throws(OperationError) -> Int32 {
        guard Instance.isName(options.instance) else {
            throw OperationError(
                "`\(options.instance)` is not the name of an instance", hint: "lower-case letters, digits and `-`, at most 32 of them", exitCode: 64)
        }
        let instance = Instance(name: options.instance, environment: environment)
        for path in [instance.state, instance.cache, instance.logs, instance.runtime] where !path.hasPrefix("/") {
            throw OperationError(
                "the directory \(path) is not an absolute path", hint: "set ANYCLAUDE_HOME or HOME to an absolute path", exitCode: 78)
        }
        signal(SIGPIPE, SIG_IGN)
        let signals = try blockSignals()
        let inherited = InheritedDescriptors.take().all
        // The variables of systemd's are taken before anything is started that could inherit them.
        let systemd = Systemd()
        let supervisor = try Supervisor(options: options, instance: instance, inherited: inherited, systemd: systemd, environment: environment)
        try supervisor.live(signals)
        if let image = supervisor.nextImage { try execute(image) }
        return supervisor.exitCode
    }

    private func live(_ signals: CInt) throws(OperationError) {
        guard cprocess_become_subreaper() == 0 else { throw OperationError("cannot become the parent of orphans", exitCode: 70) }
        try loop.watch(signals, readable) { [unowned self] _ in self.receiveSignals(signals) }
        try loop.watch(mailbox.descriptor, readable) { [unowned self] _ in
            for message in self.mailbox.take() { message(self) }
        }
        unlink(Self.stoppingMark(instance))
        log.write(.notice, "supervisor \(Version.current) of instance \(instance.name), pid \(getpid())")
        try readCurrent()
        try secrets.settle(current: generation?.number)
        try loop.watch(secretFiles.descriptor, readable) { [unowned self] _ in
            if self.secretFiles.take() { self.checkSecretsSoon() }
        }
        adoptRuns()
        demandRestored()
        let mailbox = mailbox
        server = try ControlServer(
            path: instance.controlSocket,
            requests: .init(
                serve: { route, user, reply in mailbox.post { $0.serve(route, user: user, reply) } },
                left: { reply in mailbox.post { $0.clientLeft(reply) } }))
        try startCurrent()
        if exitCode == 0 { reportReady() }
        feedWatchdog()
        expectClients()
        try loop.run {
            saveLeases()
            removeEndedRuns()
        }
        server?.close()
    }

    /// A supervisor that waits for an apply does without a current generation that is damaged: that apply is its remedy.
    private func readCurrent() throws(OperationError) {
        do throws(OperationError) {
            guard let current = try store.reader.current() else { return }
            plan = try PlanCheck.verified(try store.reader.envelope(current))
            generation = current
        } catch {
            guard options.idle else { throw error }
            log.write(.error, "the current generation cannot be used: \(error.message); the next apply makes a new one")
        }
    }

    /// What is current starts; where nothing is, the initial plan.
    private func startCurrent() throws(OperationError) {
        let initial = options.initialPlan
        defer { if let initial { close(initial) } }
        if let generation, let plan {
            guard !options.idle else { return }
            handle(.begin(Change.Request(kind: .boot, target: try target(plan, making(generation)))))
        } else if let initial {
            let name = "the initial plan"
            guard let bytes = try AtomicFile.read("/proc/self/fd/\(initial)", limit: ControlServer.maximumBody) else {
                throw OperationError("descriptor \(initial) with \(name) is not open", exitCode: 66)
            }
            apply(try decode(bytes, name), user: Self.userName(geteuid()), isInitial: true, nil)
        }
    }

    // MARK: signals

    private static func blockSignals() throws(OperationError) -> CInt {
        var set = sigset_t()
        sigemptyset(&set)
        for number in [SIGTERM, SIGINT, SIGHUP, SIGCHLD] { sigaddset(&set, number) }
        pthread_sigmask(SIG_BLOCK, &set, nil)
        let descriptor = signalfd(-1, &set, CInt(SFD_CLOEXEC) | CInt(SFD_NONBLOCK))
        guard descriptor >= 0 else { throw .system("cannot receive signals", errno: errno) }
        return descriptor
    }

    private func receiveSignals(_ descriptor: CInt) {
        var information = signalfd_siginfo()
        var seen = Set<Int32>()
        while read(descriptor, &information, MemoryLayout<signalfd_siginfo>.size) == MemoryLayout<signalfd_siginfo>.size {
            seen.insert(Int32(information.ssi_signo))
        }
        if seen.contains(SIGCHLD), reaper.reap() { checkEndingRuns() }
        if seen.contains(SIGTERM) || seen.contains(SIGINT) {
            log.write(.notice, "asked to stop")
            stopAll()
        }
        if seen.contains(SIGHUP) { reload() }
    }

    /// Converges to what is current: what had given up is tried again.
    private func reload() {
        systemd.reloading()
        // Otherwise when it has converged.
        guard session == nil, !isEnding, let generation, let plan else { return reportReady() }
        do throws(OperationError) {
            handle(.begin(Change.Request(kind: .boot, target: try target(plan, making(generation)))))
        } catch {
            log.write(.error, "cannot reload: \(error.message)")
            reportReady()
        }
    }

    func reportReady() { systemd.ready(generation.map { "generation \($0.number)" } ?? "waiting for the first apply") }

    private func feedWatchdog() {
        guard let period = systemd.watchdogPeriodMs else { return }
        systemd.watchdog()
        // At a multiple, with the probes of that period; never later than a period from now.
        loop.schedule(at: (EventLoop.now / period + 1) * period) { [unowned self] in self.feedWatchdog() }
    }

    // MARK: stop

    func down(_ command: String, user: String, _ reply: ControlReply?) {
        interrupt()
        guard begin(.down, user: user, command: command, reply) != nil else { return }
        beginStop()
    }

    /// Everything, users before what they use; each service's own time-out bounds it.
    func stopAll() {
        guard !isEnding else { return }
        interrupt()
        beginStop()
    }

    private func beginStop() {
        isEnding = true
        systemd.stopping()
        do throws(OperationError) {
            try AtomicFile.write([], to: Self.stoppingMark(instance), durable: false)
        } catch {
            log.write(.error, "a crash from here on would leave services: \(error.message)")
        }
        handle(.begin(Change.Request(kind: .down, target: .nothing)))
    }

    /// An apply that is under way ends here. What was current stays so, and a later start returns to it.
    private func interrupt() {
        guard let interrupted = session, interrupted.kind != .down else { return }
        if let rejected = interrupted.generation { try? store.reject(rejected) }
        end(interrupted, Outcome(result: .failed, exitCode: 5, generation: generation?.number, reason: "the supervisor was asked to stop"))
    }

    func stopLoop() {
        endOrphans()
        log.write(.notice, "all services have stopped")
        loop.stop()
    }

    /// What left its group, its session and the environment of its run as well belongs to no service's stop; with the last service it goes
    /// too. It lost its parent, so that it is a child of this process, which is a subreaper.
    private func endOrphans() {
        // As often as there is one: the death of each gives its own children to this process.
        for _ in 0..<200 {
            guard let children = ProcFS.children, !children.isEmpty else { return }
            // Not waited for yet: their numbers are theirs.
            for child in children { kill(child, SIGKILL) }
            _ = reaper.reap()
            usleep(5000)
        }
        log.write(.error, "processes that left their services are still there: \(ProcFS.children ?? [])")
    }
}
