import Control
import LaunchPlan

/// One revision of one service: what it should do, what its process does, and what follows from each event.
///
/// Pure: `handle` takes an event and the time and answers with actions; nothing here knows a clock, a process or a file.
///
/// ## Phases
///
///     stopped ──start──▶ waiting ──dependencies ready──▶ starting ──ready──▶ ready ◀──readiness──▶ unready
///        ▲                                                  │                  │                      │
///        │                                                  └──── exit, stop, failed probe, deadline ─┤
///        │                                                                                            ▼
///        └────────────── gone, and the goal is stop ────────────────────────────────────────────── ending
///                                                                                                     │
///                 starting ◀── timer or at once ── backoff / failed ◀── gone, and the goal is run ────┘
///
/// A service that runs on demand (`Service.idle`) has one phase more, `idle`: it is to run, and nobody needs it. `start` and the timer of
/// `backoff` and `failed` lead there instead of to a process, `demand` from there to `waiting`, and `rest` back through `ending`. Who
/// gives these two events is `Core+Room`'s matter.
///
/// - `starting` to `ready`: the process exists, READY=1 came where the service notifies, then the startup probe, then the readiness probe passed once.
/// - `ending`: a process or something that it left behind may still exist. Only the event `gone`, which the shell gives when the
///   whole group is empty, leaves it. SIGTERM first where the end is asked for, SIGKILL after the stop time-out, at once for
///   leftovers of a process that ended by itself.
///
/// ## Invariants
///
/// 1. `run` is set exactly in `starting`, `ready`, `unready` and `ending`: at most one process exists, and a machine that is
///    `stopped` has none.
/// 2. After `stop`, and without another `start`, the machine reaches `stopped` whatever the process does: a timer for the next
///    signal is armed until `gone`.
/// 3. An event of an earlier run changes nothing.
///
/// ## Failure modes
///
/// A start that fails is an exit. Exits are answered by `RestartBackoff`. A miss of the readiness or liveness probe that was a
/// time-out does not count while a lease is held: a busy worker is not a dead one. A dependency that goes away does not touch a
/// service that runs; it waits through the restart.
public struct ServiceMachine: Sendable {
    public enum Phase: Sendable, Equatable { case stopped, idle, waiting, starting, ready, unready, ending, backoff, failed }
    public enum Goal: Sendable, Equatable { case stop, run }
    /// Why a run ends.
    public enum Cause: Sendable, Equatable { case asked, rested, crashed, unhealthy }

    /// One process, from the decision to start it until nothing of it is left.
    public struct Run: Sendable, Equatable {
        public var id: Int
        public var pid: Int32?
        public var startedAt: Int
        /// When it was ready for the first time.
        public var readyAt: Int?
        public var notified = false
        public var startupPassed = false
        public var leaderExited = false
        public var cause: Cause?
        /// It was asked to end, and may take the time that what it has begun takes.
        public var isDraining = false
        /// Misses in a row.
        public var misses: [ProbeKind: Int] = [:]
    }

    public let service: Service
    public internal(set) var goal = Goal.stop
    public internal(set) var phase = Phase.stopped
    public internal(set) var run: Run?
    public internal(set) var backoff: RestartBackoff
    /// Since this revision exists.
    public internal(set) var everReady = false
    /// Ends that nobody asked for before the revision was ever ready, failed starts included.
    public internal(set) var failuresBeforeReady = 0
    /// Ends that nobody asked for.
    public internal(set) var failures = 0
    public internal(set) var starts = 0
    public internal(set) var lastExit: ExitStatus?
    /// The last thing that went wrong, for people.
    public internal(set) var problem: String?
    /// What the service says of itself (STATUS=).
    public internal(set) var statusText: String?

    /// - Parameter seed: of the jitter.
    public init(service: Service, seed: UInt64) {
        self.service = service
        self.backoff = RestartBackoff(policy: service.restart, seed: seed)
    }

    /// What the outside calls the phase.
    public var state: ServiceState {
        switch phase {
        case .stopped: .stopped
        case .idle: .idle
        case .waiting: .waiting
        case .starting: .starting
        case .ready: .ready
        case .unready: .unready
        case .ending: goal == .run && run?.cause == .crashed ? .backoff : .stopping
        case .backoff: .backoff
        case .failed: .failed
        }
    }

    /// A process, or something that one left, may exist.
    public var hasProcess: Bool { run != nil }

    /// How long a start may take where its probe does not say: as long as the stack's predecessor waited for its workers.
    public static let defaultStartDeadlineMs = 120_000

    var isOnDemand: Bool { service.idle != nil }

    var startDeadlineMs: Int { service.probes.startup?.deadlineMs ?? Self.defaultStartDeadlineMs }
}

public enum ProbeKind: String, Sendable, Hashable, CaseIterable { case startup, readiness, liveness }

public enum ProbeResult: Sendable, Equatable {
    case passed
    case failed(reason: String, timedOut: Bool)
}

/// How a process ended.
public enum ExitStatus: Sendable, Equatable, CustomStringConvertible {
    case exited(Int32)
    case signalled(Int32)
    /// It was adopted, and the kernel does not tell.
    case unknown

    public var description: String {
        switch self {
        case .exited(let code): "exit \(code)"
        case .signalled(let number): "signal \(number)"
        case .unknown: "unknown"
        }
    }
}

public enum ServiceEvent: Sendable, Equatable {
    case start
    case stop
    /// Stop, for which there is time: a successor serves, and what this one has begun goes on to its end.
    case drain
    /// Stop and start again, asked for by a person.
    case restart
    /// Of a service that runs on demand: somebody needs it, and there is room for it.
    case demand
    /// Nobody needs it any more, or others need its room.
    case rest(reason: String)
    case dependenciesReady
    /// A process that an earlier supervisor started; `ready` as that one knew it.
    case adopted(pid: Int32, ready: Bool)
    case spawned(run: Int, pid: Int32)
    case spawnFailed(run: Int, reason: String)
    /// The process that leads the group has ended.
    case exited(run: Int, ExitStatus)
    /// Nothing of the run is left.
    case gone(run: Int)
    case notifiedReady(run: Int)
    case notifiedStatus(run: Int, String)
    /// `leased`: some client was given the service's endpoint and has not let go of it; one that only waits for it does not count.
    case probed(run: Int, ProbeKind, ProbeResult, leased: Bool)
    /// The probe was not made, since `asks` said no.
    case deferred(run: Int, ProbeKind)
    case timer(ServiceTimer)
}

/// At most one of each is armed.
public enum ServiceTimer: Sendable, Hashable {
    case startDeadline
    case stopDeadline
    case retry
    case probe(ProbeKind)
}

public enum ServiceAction: Sendable, Equatable {
    /// Answered by `spawned` or `spawnFailed`, at once or later; where the run is to end before that, `terminate` is answered by `gone`.
    case spawn(run: Int)
    /// SIGTERM to the group; answered by `exited` and `gone`.
    case terminate(run: Int)
    /// The same, for a process that is told that it has time.
    case drain(run: Int)
    /// SIGKILL to all that belongs to the run; answered by `gone`.
    case kill(run: Int)
    /// Answered by `probed` or `deferred`.
    case probe(run: Int, ProbeKind)
    /// Any earlier timer of that name is replaced. Milliseconds on the clock of the events.
    case arm(ServiceTimer, at: Int)
    case disarm(ServiceTimer)
    /// The state that `ServiceMachine.state` now has; once for each change.
    case changed(ServiceState)
}
