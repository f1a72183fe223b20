import CKernels
import Glibc

/// What is kept of a sequence.
extension KVStore {
    /// Keeps the full blocks of a sequence of computed `tokens`, and at its end (`isFinal`) the tail too, which nobody writes any more. With
    /// `isPinned` the whole is a pinned prefix and not a conversation.
    ///
    /// - Returns: the blocks that the sequence is to go on with. Where another has computed the same at the same time they are the other's, so that
    /// there is one copy of them.
    @discardableResult
    func keep(_ tokens: ArraySlice<Int32>, blocks: [KVBlock], isSideCall: Bool, isPinned: Bool = false, isFinal: Bool) -> [KVBlock] {
        guard settings.enabled else { return blocks }
        let size = LanguageModel.blockTokens
        let writer = writer.withLock { $0 }
        var twins: [(index: Int, block: KVBlock)] = []
        var replaced: [PrefixTree.Node] = []
        var evicted: [PrefixTree.Node] = []
        var stores: [BlockKey] = []
        let pinsChanged: Bool = state.withLock { state in
            var tip = namespace
            for (index, block) in blocks.enumerated() {
                let part = tokens.dropFirst(index * size).prefix(size)
                guard part.count == size || isFinal && !part.isEmpty else { break }
                let known = state.tree.insert(parent: tip, start: index * size, tokens: part, isSideCall: isSideCall, block: block)
                guard let insertion = known else { break }
                tip = insertion.key
                replaced.append(contentsOf: insertion.replaced)
                if insertion.isNew { state.counts.storedBlocks += 1 }
                guard let node = state.tree[tip] else { continue }
                if !isFinal, let twin = node.block, twin !== block { twins.append((index, twin)) }
                if writer != nil, node.record == nil, !node.isQueued, node.block != nil {
                    state.tree.setQueued(tip, true)
                    stores.append(tip)
                }
            }
            guard isFinal, tip != namespace else { return false }
            let pinsChanged = isPinned && state.tree.pin(tip, limit: slots)
            if !isPinned { state.tree.occupySlot(tip, isSideCall: isSideCall) }
            evicted = state.tree.trimSlots(limit: slots, sideLimit: sideSlots)
            return pinsChanged
        }
        write(stores)
        forget(replaced, evicted: false)
        forget(evicted, evicted: true)
        if isFinal, let writer {
            if pinsChanged { _ = writer.enqueue(.pins) }
            _ = writer.enqueue(.endOfRequest)
        }
        return Self.merge(blocks, twins, length: withUnsafePointer(to: layout) { ck_kv_prefix_bytes($0, Int64(size)) })
    }

    /// Full blocks of the same tokens are the same bytes, whatever they were computed with. It is looked at all the same, as it costs little beside the
    /// computing.
    private static func merge(_ blocks: [KVBlock], _ twins: [(index: Int, block: KVBlock)], length: Int) -> [KVBlock] {
        var merged = blocks
        for (index, twin) in twins where memcmp(blocks[index].memory.base, twin.memory.base, length) == 0 { merged[index] = twin }
        return merged
    }

    private func write(_ keys: [BlockKey]) {
        guard let writer = writer.withLock({ $0 }) else { return }
        for key in keys where !writer.enqueue(.store(key)) {
            state.withLock { state in
                state.tree.setQueued(key, false)
                state.counts.droppedWrites += 1
            }
        }
    }

    /// Nodes that left the tree: their records go. `evicted` ones went for want of room.
    func forget(_ nodes: [PrefixTree.Node], evicted: Bool) {
        guard !nodes.isEmpty else { return }
        if evicted { state.withLock { $0.counts.evictedBlocks += nodes.count } }
        guard let writer = writer.withLock({ $0 }) else { return }
        for record in nodes.compactMap(\.record) { _ = writer.enqueue(.kill(record)) }
    }

    /// Conversations that are kept, of clients and of side calls.
    var slots: Int { max(settings.slots, 1) }
    var sideSlots: Int { max(settings.slots / 4, 1) }
}
