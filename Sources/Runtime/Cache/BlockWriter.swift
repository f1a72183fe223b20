import Glibc
import Locking

/// A thread that works off a bounded queue, so that saving never holds up a request.
final class BlockWriter: Sendable {
    enum Job: Sendable {
        /// A block of this key's node is to be written.
        case store(BlockKey)
        case kill(RecordLocation)
        case endOfRequest
    }

    private struct State {
        var jobs: [Job] = []
        var stores = 0
        var isBusy = false
        var isStopping = false
    }

    private let state = Mutex(State())
    private let limit: Int
    private let signal = Signal()
    private let thread: Mutex<WorkerThread?> = Mutex(nil)

    /// At most `limit` blocks wait.
    init(limit: Int, perform: @escaping @Sendable (Job) -> Void) throws(RuntimeError) {
        self.limit = limit
        let made = try WorkerThread(name: "kv-writer") { [self] in run(perform) }
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
            state.jobs.append(job)
            return true
        }
        if accepted { signal.raise() }
        return accepted
    }

    private func run(_ perform: @Sendable (Job) -> Void) {
        while true {
            let (jobs, stop) = state.withLock { state in
                let jobs = state.jobs
                state.jobs = []
                state.isBusy = !jobs.isEmpty
                return (jobs, state.isStopping)
            }
            if jobs.isEmpty {
                if stop { return }
                signal.wait()
                continue
            }
            for job in jobs {
                perform(job)
                if case .store = job { state.withLock { $0.stores -= 1 } }
            }
            state.withLock { $0.isBusy = false }
        }
    }

    /// Works off what waits and ends the thread.
    func finish() {
        state.withLock { $0.isStopping = true }
        signal.raise()
        thread.withLock { thread in
            thread?.join()
            thread = nil
        }
    }

    var isIdle: Bool { state.withLock { $0.jobs.isEmpty && !$0.isBusy } }
}
