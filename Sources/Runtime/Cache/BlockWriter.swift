import Glibc
import Locking

/// A thread that saves, so that no request waits for it.
///
/// While requests are computed it leaves the cores, the caches and the memory's bandwidth to them: it works between requests, and
/// on what has waited for `patience` at the lowest priority.
final class BlockWriter: Sendable {
    enum Job: Sendable {
        /// A block of this key's node is to be written.
        case store(BlockKey)
        case kill(RecordLocation)
        /// The list of pinned prefixes has changed.
        case pins
        case endOfRequest
    }

    private struct State {
        /// In order, with the time of their coming.
        var jobs: [(job: Job, since: ContinuousClock.Instant)] = []
        /// Done of `jobs`.
        var done = 0
        var stores = 0
        var isBusy = false
        var isStopping = false
        var engineIsBusy = false
    }

    private enum Next {
        case job(Job)
        case later(Duration?)
        case end
    }

    private let state = Mutex(State())
    private let limit: Int
    private let patience: Duration
    private let signal = Signal()
    private let perform: @Sendable (Job) -> Void
    private let thread: Mutex<WorkerThread?> = Mutex(nil)

    /// At most `limit` blocks wait.
    init(limit: Int, patience: Duration = .seconds(2), perform: @escaping @Sendable (Job) -> Void) throws(RuntimeError) {
        self.limit = limit
        self.patience = patience
        self.perform = perform
        let made = try WorkerThread(name: "kv-writer") { [self] in
            setLowestPriority()
            run()
        }
        thread.withLock { $0 = made }
    }

    /// False when as many blocks wait as may.
    func enqueue(_ job: Job) -> Bool {
        let accepted = state.withLock { state in
            guard !state.isStopping else { return false }
            if case .store = job {
                guard state.stores < limit else { return false }
                state.stores += 1
            }
            state.jobs.append((job, ContinuousClock.now))
            return true
        }
        if accepted { signal.raise() }
        return accepted
    }

    /// Whether requests are being computed.
    func setEngineBusy(_ isBusy: Bool) {
        let isNews = state.withLock { state in
            defer { state.engineIsBusy = isBusy }
            return state.engineIsBusy && !isBusy
        }
        if isNews { signal.raise() }
    }

    private func run() {
        while true {
            switch next() {
            case .job(let job): finish(job)
            case .later(let limit?): signal.wait(atMost: limit)
            case .later(nil): signal.wait()
            case .end: return
            }
        }
    }

    private func next() -> Next {
        state.withLock { state in
            if state.isStopping { return .end }
            guard state.done < state.jobs.count else { return .later(nil) }
            let left = patience - (ContinuousClock.now - state.jobs[state.done].since)
            if state.engineIsBusy, left > .zero { return .later(left) }
            return take(&state)
        }
    }

    private func take(_ state: inout State) -> Next {
        guard state.done < state.jobs.count else { return .end }
        let job = state.jobs[state.done].job
        state.done += 1
        state.isBusy = true
        if state.done == state.jobs.count { (state.jobs, state.done) = ([], 0) }
        return .job(job)
    }

    private func finish(_ job: Job) {
        perform(job)
        state.withLock { state in
            if case .store = job { state.stores -= 1 }
            state.isBusy = false
        }
    }

    /// Ends the thread, and works off what waits on the caller's, for `limit` at most. How many blocks were not written.
    func finish(within limit: Duration) -> Int {
        state.withLock { $0.isStopping = true }
        signal.raise()
        thread.withLock { thread in
            thread?.join()
            thread = nil
        }
        let began = ContinuousClock.now
        while ContinuousClock.now - began < limit, case .job(let job) = state.withLock({ take(&$0) }) { finish(job) }
        return state.withLock(\.stores)
    }

    /// Blocks that wait, and jobs of other kinds.
    var waiting: Int { state.withLock { $0.jobs.count - $0.done + ($0.isBusy ? 1 : 0) } }

    var isIdle: Bool { state.withLock { $0.jobs.isEmpty && !$0.isBusy } }
}
