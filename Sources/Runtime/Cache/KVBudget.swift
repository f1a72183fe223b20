import Synchronization

/// How many blocks may be in memory, and how many are.
final class KVBudget: Sendable {
    let blockBytes: Int
    let limit: Int
    private let used = Atomic<Int>(0)

    init(blockBytes: Int, limit: Int) {
        self.blockBytes = blockBytes
        self.limit = limit
    }

    var count: Int { used.load(ordering: .relaxed) }

    func add(_ blocks: Int) { used.add(blocks, ordering: .relaxed) }
}
