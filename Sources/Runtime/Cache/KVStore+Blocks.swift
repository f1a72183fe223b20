import CKernels
import Locking
import Synchronization

/// Blocks for sequences: new ones, copies, and what the disk has.
extension KVStore {
    /// A new block, when need be in place of the least recently used ones that only the cache holds.
    func makeBlock() throws(RuntimeError) -> KVBlock {
        let excess = budget.count + 1 - budget.limit
        if excess > 0 {
            let removed = state.withLock { state in
                let removed = state.tree.releaseMemory(blocks: excess + budget.limit / 16)
                // The writer finds nothing of them when their turn comes.
                state.counts.droppedWrites += removed.lazy.filter(\.isQueued).count
                return removed
            }
            forget(removed, evicted: true)
        }
        return try KVBlock(budget: budget)
    }

    func copy(_ block: KVBlock, tokens: Int) throws(RuntimeError) -> KVBlock {
        let copy = try makeBlock()
        withUnsafePointer(to: layout) { ck_kv_copy_prefix($0, block.memory.base, copy.memory.base, Int64(tokens)) }
        return copy
    }

    /// Reads the blocks of `nodes`, which follow one another, on up to `threads` threads. Those are returned, shared from then on, that are
    /// what they should be; fewer than `nodes` where one is not: it is forgotten with all that follows it.
    func restore(_ nodes: [PrefixTree.Node], threads: Int) throws(RuntimeError) -> [KVBlock] {
        guard let disk else { return [] }
        // Another request may have read some of them since.
        let known = state.withLock { state in nodes.prefix { state.tree[$0.key]?.block != nil }.compactMap { state.tree[$0.key]?.block } }
        let missing = Array(nodes.dropFirst(known.count))
        var blocks: [KVBlock] = []
        for _ in missing { blocks.append(try makeBlock()) }
        let results = Self.read(missing, into: blocks, from: disk, layout, threads: threads)
        let good = results.prefix { $0 == .good }.count
        let removed: [PrefixTree.Node] = state.withLock { state in
            for index in 0..<good {
                state.counts.restoredTokens += missing[index].tokens.count
                state.counts.restoredBytes += missing[index].record?.length ?? 0
                state.tree.setBlock(missing[index].key, blocks[index])
            }
            guard good < results.count else { return [] }
            if results[good] == .broken { state.counts.verifyFailures += 1 }
            return state.tree.removeSubtree(missing[good].key)
        }
        forget(removed, evicted: false)
        return known + blocks[..<good]
    }

    private static func read(
        _ nodes: [PrefixTree.Node], into blocks: [KVBlock], from disk: SegmentDirectory, _ layout: ck_kv_layout, threads: Int
    ) -> [SegmentDirectory.ReadResult] {
        let results = Locking.Mutex(Array(repeating: SegmentDirectory.ReadResult.dead, count: nodes.count))
        let next = Atomic<Int>(0)
        @Sendable func work() {
            while case let index = next.add(1, ordering: .relaxed).oldValue, index < nodes.count {
                let result = read(nodes[index], into: blocks[index], from: disk, layout)
                results.withLock { $0[index] = result }
            }
        }
        // A thread that cannot be had is one fewer.
        let helpers = (1..<max(min(threads, nodes.count), 1)).compactMap { _ in try? WorkerThread(name: "kv-reader", work) }
        work()
        for helper in helpers { helper.join() }
        return results.withLock { $0 }
    }

    private static func read(
        _ node: PrefixTree.Node, into block: KVBlock, from disk: SegmentDirectory, _ layout: ck_kv_layout
    ) -> SegmentDirectory.ReadResult {
        guard let record = node.record else { return .dead }
        var layout = layout
        let length = ck_kv_prefix_bytes(&layout, Int64(node.tokens.count))
        guard record.length == length else { return .broken }
        // A tail has the beginning of each run of its block.
        let runs = node.isFull ? 1 : Int(layout.layers) * 2 * Int(layout.heads)
        let step = block.memory.count / runs
        let buffers = (0..<runs).map { UnsafeMutableRawBufferPointer(start: block.memory.base + $0 * step, count: length / runs) }
        return disk.read(record, key: node.key, tokens: node.tokens, into: buffers)
    }
}
