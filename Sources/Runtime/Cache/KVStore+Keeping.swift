/// What is kept of a sequence.
extension KVStore {
    /// Keeps the full blocks of a sequence of computed `tokens`, and at its end (`isFinal`) the tail too, which nobody writes any more. With
    /// `isPinned` the whole is a pinned prefix and not a conversation.
    func keep(_ tokens: ArraySlice<Int32>, blocks: [KVBlock], isSideCall: Bool, isPinned: Bool = false, isFinal: Bool) {
        guard settings.enabled else { return }
        let size = LanguageModel.blockTokens
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
                if let node = state.tree[tip], node.record == nil, !node.isQueued, node.block != nil {
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
        guard isFinal, let writer = writer.withLock({ $0 }) else { return }
        if pinsChanged { _ = writer.enqueue(.pins) }
        _ = writer.enqueue(.endOfRequest)
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
