import LaunchPlan

/// Whether a backend that fails is asked at all.
///
///     closed ──failures in a row──▶ open ──time──▶ trial ──success──▶ closed
///                                    ▲              │ failure: twice as long
///                                    └──────────────┘
///
/// While it is open nobody is let through; in the trial one request is, and the others wait for what becomes of it. What a request says
/// that was let through in an earlier state counts no more.
struct CircuitBreaker: Sendable, Equatable {
    enum State: Sendable, Equatable {
        case closed(failures: Int)
        /// - rounds: how often it was opened since it was last closed.
        case open(until: ContinuousClock.Instant, rounds: Int)
        /// - isTaken: whether a request is trying it.
        case trial(isTaken: Bool, rounds: Int)
    }
    enum Outcome: Sendable, Equatable {
        case success, failure
        /// The request ended before its backend could show what it can.
        case unknown

        /// Who says that it has enough to do works.
        init(status: Int) {
            self = status == 429 || status == 529 ? .unknown : status >= 500 ? .failure : .success
        }
    }
    /// What a request that was let through shows when it reports.
    struct Ticket: Sendable, Equatable { fileprivate let span: Int }
    enum Admission: Sendable, Equatable {
        case admitted(Ticket)
        /// - after: when it may be asked next, as far as is known.
        case refused(after: Duration)
    }
    /// How long a request is told to wait for another one's trial: nobody knows how long that takes.
    private static let trialPause = Duration.seconds(1)

    private(set) var state = State.closed(failures: 0)
    private let settings: ProxySettings.Breaker
    /// Of states that tickets belong to; each change begins a new one.
    private var span = 0

    init(_ settings: ProxySettings.Breaker) { self.settings = settings }

    mutating func admit(at now: ContinuousClock.Instant) -> Admission {
        switch state {
        case .closed: break
        case .open(let until, _) where now < until: return .refused(after: until - now)
        case .trial(isTaken: true, _): return .refused(after: Self.trialPause)
        case .open(_, let rounds), .trial(isTaken: false, let rounds): move(to: .trial(isTaken: true, rounds: rounds))
        }
        return .admitted(Ticket(span: span))
    }

    /// - Parameter ticket: of the admission; one ticket reports once.
    mutating func report(_ outcome: Outcome, _ ticket: Ticket, at now: ContinuousClock.Instant) {
        guard settings.enabled, ticket.span == span else { return }
        switch (state, outcome) {
        case (.closed, .success): state = .closed(failures: 0)
        case (.closed(let failures), .failure):
            if failures + 1 < settings.failures { state = .closed(failures: failures + 1) } else { open(round: 1, at: now) }
        case (.trial, .success): move(to: .closed(failures: 0))
        case (.trial(_, let rounds), .failure): open(round: rounds + 1, at: now)
        case (.trial(_, let rounds), .unknown): move(to: .trial(isTaken: false, rounds: rounds))
        case (.closed, .unknown), (.open, _): break
        }
    }

    private mutating func open(round: Int, at now: ContinuousClock.Instant) {
        // The doubling ends where it would no longer fit, far beyond any limit.
        let length = min(settings.openMs << min(round - 1, 20), max(settings.maxOpenMs, settings.openMs))
        move(to: .open(until: now + .milliseconds(length), rounds: round))
    }

    private mutating func move(to next: State) {
        state = next
        span += 1
    }
}
