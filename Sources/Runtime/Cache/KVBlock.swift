/// Keys and values of up to 256 consecutive tokens, all layers, in memory as on disk.
///
/// One sequence writes it until it is full or given to the cache; from then on it is shared and only read. What stands behind the tokens
/// that were written may be anything: kernels do not read it.
final class KVBlock: Sendable {
    let memory: AlignedMemory
    private let budget: KVBudget

    /// Counted against `budget` until the last owner lets it go.
    init(budget: KVBudget) throws(RuntimeError) {
        memory = try budget.take()
        self.budget = budget
    }

    deinit { budget.giveBack(memory) }
}
