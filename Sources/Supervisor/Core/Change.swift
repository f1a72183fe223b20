import LaunchPlan

/// The way from what runs to a target, as a value. `Core+Change` moves it on.
///
/// ## Stages
///
///     changing ──all new and exchanged workers ready──▶ overlapping ──all ready──▶ probation ──time──▶ retiring ──▶ committing ──▶ finished
///         │                                                  │                         │                              │
///         └───────────────────────── a service failed, the deadline passed, the commit failed ───────────────────────┘
///                                                            ▼
///                               a change of kind `rollback` to the last good target ──▶ rolled back, or failed
///
/// - *changing*: services that are not in the target and stand in the way (their port is needed, or the memory) are stopped;
///   new services are started; a changed `stop-first` service is stopped and started anew when nothing of it is left.
/// - *overlapping*: changed `overlap` services start beside the old ones, which are asked to end as soon as the new ones are
///   ready. They come after the others, so that a worker which never becomes healthy does not touch them at all. Then an apply
///   waits for those that it keeps and that are on their way up (`Core+Kept`).
/// - *probation*: a changed service that ends, loses its readiness or fails at most of its requests now fails the apply.
/// - *retiring*: the rest of what the target does not have is stopped.
///
/// ## Invariants
///
/// 1. Two units of a service have processes at once only where the old and the new one both say `overlap`.
/// 2. A unit that serves is told to end only when its successor is ready (`overlap`), or when its name is to be exchanged
///    (`stop-first`) or to go.
/// 3. Each change ends in exactly one `finished`; an apply ends committed, rolled back or failed.
/// 4. A supervisor that dies at any moment leaves the old generation current: the next one converges to it, which is a rollback.
///
/// ## Kinds
///
/// `boot` converges without judging: services that fail are left to their restart policy. `down` has an empty target, and
/// stops users before what they use.
public struct Change: Sendable {
    public enum Kind: Sendable, Equatable { case boot, apply, rollback, down }

    public struct Wanted: Sendable, Equatable {
        public var service: Service
        public var identity: String

        public init(service: Service, identity: String) {
            self.service = service
            self.identity = identity
        }
    }

    public struct Target: Sendable, Equatable {
        public var services: [Wanted]
        public var probationMs: Int
        public var memoryBudgetBytes: Int?

        public init(services: [Wanted], probationMs: Int, memoryBudgetBytes: Int? = nil) {
            self.services = services
            self.probationMs = probationMs
            self.memoryBudgetBytes = memoryBudgetBytes
        }

        public static let nothing = Target(services: [], probationMs: 0)
    }

    public struct Request: Sendable, Equatable {
        public var kind: Kind
        public var target: Target
        /// Where an apply that fails returns to; nothing where there is no good generation.
        public var fallback: Target
        public var timeoutMs: Int?

        public init(kind: Kind, target: Target, fallback: Target = .nothing, timeoutMs: Int? = nil) {
            self.kind = kind
            self.target = target
            self.fallback = fallback
            self.timeoutMs = timeoutMs
        }
    }

    public enum Timer: Sendable, Hashable { case deadline, probation }

    public enum Progress: Sendable, Equatable {
        case gate(String)
        /// The apply goes on in spite of it.
        case warning(String)
        case rollback(String, culprit: String?)
    }

    public enum Result: Sendable, Equatable {
        case converged
        case stopped
        case committed(gapsMs: [String: Int])
        /// `culprit`: the service that failed, where one did.
        case rolledBack(reason: String, culprit: String?, gapsMs: [String: Int])
        case failed(reason: String, culprit: String?, gapsMs: [String: Int])
    }

    enum Stage: Sendable, Equatable { case changing, overlapping, probation, committing }

    /// What one service needs.
    struct Step: Sendable {
        enum Action: Sendable {
            case keep
            /// Keep one unit and stop the others at once.
            case keepAlone
            case exchange, overlap, remove
        }
        var name: String
        var action: Action
        var wanted: Wanted?
        /// The unit that fulfils the target, once it exists.
        var unit: Int?
        /// For `remove`: stop it before anything starts.
        var early = false
        /// Ends that a kept unit had when the change began.
        var failuresBefore = 0
        /// Ends that the unit had when its probation began.
        var failuresAtProbation = 0
        /// Requests to it on probation, and those of them that it failed at.
        var answers = 0
        var failedAnswers = 0
    }

    let request: Request
    var kind: Kind { request.kind }
    var stage = Stage.changing
    /// Made at the first move, from the units that exist then.
    var steps: [Step]?
    let deadline: Int?
    /// Until its deadline.
    var waitsForKept = true
    /// Since when a `stop-first` service does not serve, and how long the gaps were that have ended.
    var gapStart: [String: Int] = [:]
    var gapsMs: [String: Int] = [:]
    /// Of the apply that this rolls back.
    var reason: String?
    var culprit: String?

    init(_ request: Request, now: Int) {
        self.request = request
        self.deadline = request.kind == .boot || request.kind == .down ? nil : now + (request.timeoutMs ?? Self.patienceMs(request.target))
    }

    /// On probation a service is judged by its answers too.
    mutating func count(_ service: String, failed: Bool) {
        guard stage == .probation, let index = steps?.firstIndex(where: { $0.name == service }) else { return }
        steps?[index].answers += 1
        if failed { steps?[index].failedAnswers += 1 }
    }

    /// Enough for every service to stop and to start one after the other, so that no change waits for ever.
    static func patienceMs(_ target: Target) -> Int {
        target.services.reduce(target.probationMs + ServiceMachine.defaultStartDeadlineMs) { sum, wanted in
            let start = wanted.service.probes.startup?.deadlineMs ?? ServiceMachine.defaultStartDeadlineMs
            return sum + start + wanted.service.stop.timeoutMs
        }
    }
}
