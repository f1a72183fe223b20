import CProcess
import Control
import Glibc
import Host
import LaunchPlan

/// The shell around `Core`: turns what happens in the world into events, and actions into what happens.
///
/// Lives on one thread. Each aspect is an extension in a file of its own: actions, runs, adoption, leases, probes, applies,
/// control, status, end.
public final class Supervisor {
    let options: SupervisorOptions
    let instance: Instance
    let log: SupervisorLog
    let loop: EventLoop
    let mailbox: Mailbox<Supervisor>
    let reaper = ChildReaper()
    let systemd: Systemd
    let store: Store
    let history: History
    let listeners: ListenerPool
    let launcher: Launcher
    /// Nil where control groups are not this process's to make.
    let groups: ControlGroupTree?
    /// Said once.
    var groupProblem: String?
    /// Those of what is current.
    var secrets: SecretStore
    var server: ControlServer?

    var core: Core
    var live: [Int: LiveRun] = [:]
    var preparations = Preparations()
    /// Roots that each unit was made with.
    var bindings: [Int: [String: String]] = [:]
    /// What units are made with, by the identity that they are wanted with.
    var makings: [String: Making] = [:]
    var timers: [UnitTimer: TimerQueue.Token] = [:]
    var roomTimer: TimerQueue.Token?
    /// Of units that leave when nobody uses them any more.
    var leaveTimers: [Int: TimerQueue.Token] = [:]
    var changeTimers: [Change.Timer: TimerQueue.Token] = [:]
    var logFiles: [String: LogFile] = [:]
    var leases = LeaseTable()
    /// Units whose leases changed since they were saved.
    var leasesChanged: Set<Int> = []
    /// Folders of runs of which nothing is left.
    var endedRuns: [RunDirectory] = []

    /// What is current, and its plan.
    var generation: Generation?
    var plan: LaunchPlan?
    var session: ApplySession?
    var isEnding = false
    /// What this process becomes when the loop ends; nil where it ends.
    var nextImage: NextImage?
    /// A secret's file changed while a change was under way.
    var secretsMayHaveChanged = false
    var secretCheck: TimerQueue.Token?
    let secretFiles: FileWatch
    let journal: Journal?
    /// When this image of the program began: tells it from the one before, which had the same process.
    let startedAt = EventLoop.now
    /// Until an apply says that the stack is to stay.
    var endsWithLastClient: Bool
    var exitCode: Int32 = 0

    var eventSubscribers: Set<ControlReply> = []
    var logSubscribers: [ControlReply: String?] = [:]
    var attached: Set<ControlReply> = []

    /// Events that actions led to; handled in order, never within each other.
    private var queue: [Core.Event] = []
    private var isHandling = false

    struct UnitTimer: Hashable {
        var unit: Int
        var timer: ServiceTimer
    }

    init(options: SupervisorOptions, instance: Instance, inherited: [CInt], systemd: Systemd, environment: [String: String]) throws(OperationError) {
        self.options = options
        endsWithLastClient = options.untilIdle
        self.instance = instance
        groups = ControlGroupTree(environment: environment)
        self.systemd = systemd
        log = SupervisorLog(file: "\(instance.logs)/supervisor.log")
        journal = log.isJournal ? Journal(instance: instance.name) : nil
        secretFiles = try FileWatch()
        store = try Store(state: instance.state)
        for folder in [instance.logs, instance.cache, instance.runtime] { try Folder.make(folder) }
        chmod(instance.runtime, 0o700)
        history = History(path: "\(instance.state)/history.jsonl")
        listeners = ListenerPool(inherited: inherited, systemd: systemd)
        launcher = Launcher(instance: instance.name, runtime: instance.runtime, logs: instance.logs)
        secrets = try SecretStore(runtime: instance.runtime, state: instance.state)
        loop = try EventLoop()
        mailbox = try Mailbox()
        var random = SystemRandomNumberGenerator()
        core = Core(seed: random.next())
    }

    func handle(_ event: Core.Event) {
        queue.append(event)
        guard !isHandling else { return }
        isHandling = true
        defer { isHandling = false }
        while !queue.isEmpty {
            for action in core.handle(queue.removeFirst(), now: EventLoop.now) { perform(action) }
        }
    }

    func handle(_ unit: Int, _ event: ServiceEvent) { handle(.unit(unit, event)) }

    /// An identity says which roots a unit was wanted with.
    func roots(of unit: Int) -> PlanPath.Bindings { PlanPath.Bindings(named: bindings(of: unit)) }

    func bindings(of unit: Int) -> [String: String] {
        if let known = bindings[unit] { return known }
        let wanted = core.units[unit].flatMap { makings[$0.identity]?.bindings } ?? [:]
        bindings[unit] = wanted
        return wanted
    }

    /// The values that a unit is wanted with: while an apply is under way, those of a unit that stays or comes back are the old ones.
    func secrets(of unit: Int) -> SecretStore { core.units[unit].flatMap { makings[$0.identity]?.secrets } ?? secrets }
}
