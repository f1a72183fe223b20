// What the cache knows is taken over before the rest is computed.

extension Scheduler {
    /// Takes over what is in memory, and of what is on disk as much as can be read until `deadline`, at least one block for each request: reading a
    /// long prefix must not hold up other streams.
    func restore(until deadline: ContinuousClock.Instant) {
        for sequence in active where sequence.phase == .restoring {
            do throws(RuntimeError) { try takeOver(sequence, until: deadline) } catch { fail([sequence], error) }
        }
    }

    private func takeOver(_ sequence: ActiveRequest, until deadline: ContinuousClock.Instant) throws(RuntimeError) {
        // One that came later may have been put back for one before it.
        while sequence.phase == .restoring, var match = sequence.pending {
            if !match.blocks.isEmpty {
                let node = match.blocks[0]
                if node.block == nil {
                    makeRoom { 1 }
                    guard sequence.phase == .restoring else { return }
                }
                match.blocks.removeFirst()
                sequence.pending = match
                if let block = node.block {
                    use(block, tokens: node.tokens.count, of: sequence, from: .memory)
                    continue
                }
                guard let block = try store.restore(node) else {
                    sequence.pending = nil
                    break
                }
                use(block, tokens: node.tokens.count, of: sequence, from: .disk)
                if clock.now >= deadline { return }
                continue
            }
            try takePart(of: match, sequence)
            guard sequence.phase == .restoring else { return }
            sequence.pending = nil
        }
        if sequence.phase == .restoring { start(sequence) }
    }

    /// The beginning of one more block.
    private func takePart(of match: PrefixTree.Match, _ sequence: ActiveRequest) throws(RuntimeError) {
        guard let (node, tokens) = match.partial else { return }
        makeRoom { 1 }
        // Alone with a whole window there may be no room for the copy beside what it is copied from: those tokens are computed.
        guard sequence.phase == .restoring, held < store.budget.limit else { return }
        if let block = node.block {
            use(try store.copy(block, tokens: tokens), tokens: tokens, of: sequence, from: .memory)
        } else if let block = try store.restore(node) {
            // A full block is shared as it is read; what this sequence adds must not reach it.
            use(node.isFull ? try store.copy(block, tokens: tokens) : block, tokens: tokens, of: sequence, from: .disk)
        }
    }

    private func start(_ sequence: ActiveRequest) {
        sequence.start()
        // One that was put back has been announced and counted.
        guard !sequence.isAnnounced else { return }
        sequence.isAnnounced = true
        sequence.statistics.cachedTokens = sequence.computed
        store.count(hit: sequence.computed, source: sequence.source)
        sequence.output.yield(
            .started(promptTokens: sequence.request.prompt.count, cachedTokens: sequence.computed, source: sequence.source))
    }

    private func use(_ block: KVBlock, tokens: Int, of sequence: ActiveRequest, from source: CacheSource) {
        sequence.blocks.append(block)
        sequence.computed += tokens
        if sequence.source != .disk { sequence.source = source }
    }
}
