import Glibc
import Locking

/// A thread that has memory for some blocks ready before they are asked for.
///
/// The kernel clears a page, and a hypervisor finds it, when it is first written: for a block that took 60 ms where a prompt's 256 tokens take
/// 400. This is done while no request is computed.
final class BlockPreparer: Sendable {
    private struct State {
        var isStopping = false
        var engineIsBusy = false
    }

    private let budget: KVBudget
    private let state = Mutex(State())
    private let signal = Signal()
    private let thread: Mutex<WorkerThread?> = Mutex(nil)

    init(budget: KVBudget) throws(RuntimeError) {
        self.budget = budget
        let made = try WorkerThread(name: "kv-memory") { [self] in
            setLowestPriority()
            run()
        }
        thread.withLock { $0 = made }
    }

    private func run() {
        while true {
            let now = state.withLock { $0 }
            if now.isStopping { return }
            if now.engineIsBusy || !budget.prepare() { signal.wait() }
        }
    }

    func setEngineBusy(_ isBusy: Bool) {
        state.withLock { $0.engineIsBusy = isBusy }
        if !isBusy { signal.raise() }
    }

    func finish() {
        state.withLock { $0.isStopping = true }
        signal.raise()
        thread.withLock { thread in
            thread?.join()
            thread = nil
        }
    }
}

/// Others go first; of the calling thread alone (Linux), its I/O too.
func setLowestPriority() { _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 19) }
