/// Keys and values of up to 256 consecutive tokens, all layers, in memory as on disk.
///
/// One sequence writes it until it is full or given to the cache; from then on it is shared and only read.
final class KVBlock: Sendable {
    let memory: AlignedMemory
    private let budget: KVBudget

    /// Counted against `budget` until the last owner lets it go.
    init(budget: KVBudget) throws(RuntimeError) {
        memory = try AlignedMemory(count: budget.blockBytes)
        self.budget = budget
        budget.add(1)
    }

    deinit { budget.add(-1) }
}
