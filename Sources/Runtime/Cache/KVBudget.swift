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

    /// Memory of blocks, whether somebody has them or not.
    var bytes: Int { state.withLock { $0.used + $0.spare.count } * blockBytes }

    /// So many spare ones are kept ready.
    private var spareGoal: Int { min(max(limit / 8, 4), 16) }

    /// Whether no more would be made ready.
    var isPrepared: Bool { state.withLock { $0.spare.count >= spareGoal || $0.used + $0.spare.count >= limit } }

    /// Has the memory of one more block ready, its pages too. False where there are enough, or none more may be.
    func prepare() -> Bool {
        // What cannot be had now is asked for again when it is needed, and then the failure is told.
        guard !isPrepared, let memory = try? AlignedMemory(count: blockBytes) else { return false }
        for offset in stride(from: 0, to: blockBytes, by: 4096) { memory.base.storeBytes(of: 0, toByteOffset: offset, as: UInt8.self) }
        return state.withLock { state in
            guard state.used + state.spare.count < limit else { return false }
            state.spare.append(memory)
            return true
        }
    }

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
            if state.spare.count < max(limit / 8, spareGoal) { state.spare.append(memory) }
        }
    }
}
