import Locking

/// How many blocks may be in memory, and how many are.
final class KVBudget: Sendable {
    let blockBytes: Int
    let limit: Int

    private struct State {
        var used = 0
        /// Memory of blocks that were let go: the next ones get it as it is. Fresh pages would be cleared by the kernel first, which took an
        /// eighth of a prompt's time.
        var spare: [AlignedMemory] = []
    }
    private let state = Mutex(State())

    init(blockBytes: Int, limit: Int) {
        self.blockBytes = blockBytes
        self.limit = limit
    }

    /// Blocks that somebody has.
    var count: Int { state.withLock(\.used) }

    /// Memory for one more block, zeroed or not.
    func take() throws(RuntimeError) -> AlignedMemory {
        let spare = state.withLock { state in
            state.used += 1
            return state.spare.popLast()
        }
        if let spare { return spare }
        do throws(RuntimeError) {
            return try AlignedMemory(count: blockBytes)
        } catch {
            state.withLock { $0.used -= 1 }
            throw error
        }
    }

    func giveBack(_ memory: AlignedMemory) {
        state.withLock { state in
            state.used -= 1
            // Together with those in use never more than there were at once.
            if state.spare.count < max(limit / 8, 4) { state.spare.append(memory) }
        }
    }
}
