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
        while let node = sequence.pending?.blocks.first {
            if let block = node.block {
                use(block, tokens: node.tokens.count, of: sequence, from: .memory)
                sequence.pending?.blocks.removeFirst()
                continue
            }
            guard try readMore(sequence) else { return }
            if clock.now >= deadline, sequence.pending?.blocks.isEmpty == false { return }
        }
        if let match = sequence.pending { try takePart(of: match, sequence) }
        guard sequence.phase == .restoring else { return }
        sequence.pending = nil
        start(sequence)
    }

    /// Reads the next blocks from disk, some for each thread. False where the request was put back for one before it.
    private func readMore(_ sequence: ActiveRequest) throws(RuntimeError) -> Bool {
        guard let match = sequence.pending else { return true }
        var nodes = Array(match.blocks.prefix { $0.block == nil }.prefix(4 * model.threads))
        let count = nodes.count
        // The tail comes along with the last of them, so that no thread is without work.
        if count == match.blocks.count, let tail = match.partial?.node, tail.block == nil { nodes.append(tail) }
        makeRoom { nodes.count }
        guard sequence.phase == .restoring else { return false }
        let blocks = try read(nodes, for: sequence)
        for (node, block) in zip(nodes.prefix(count), blocks) { use(block, tokens: node.tokens.count, of: sequence, from: .disk) }
        sequence.pending?.blocks.removeFirst(min(blocks.count, count))
        if blocks.count < count {
            sequence.pending = nil
        } else if nodes.count > count {
            if blocks.count > count { sequence.pending?.partial?.node.block = blocks[count] } else { sequence.pending?.partial = nil }
        }
        return true
    }

    private func read(_ nodes: [PrefixTree.Node], for sequence: ActiveRequest) throws(RuntimeError) -> [KVBlock] {
        let began = clock.now
        defer { sequence.statistics.restoreSeconds += (clock.now - began).seconds }
        return try store.restore(nodes, threads: model.threads)
    }

    /// The beginning of one more block.
    private func takePart(of match: PrefixTree.Match, _ sequence: ActiveRequest) throws(RuntimeError) {
        guard let (node, tokens) = match.partial else { return }
        makeRoom { 1 }
        // Alone with a whole window there may be no room for the copy beside what it is copied from: those tokens are computed.
        guard sequence.phase == .restoring, held < store.budget.limit else { return }
        // A block that others may use; what this sequence adds must not reach it.
        if let block = node.block {
            use(try store.copy(block, tokens: tokens), tokens: tokens, of: sequence, from: .memory)
        } else if let block = try read([node], for: sequence).first {
            use(try store.copy(block, tokens: tokens), tokens: tokens, of: sequence, from: .disk)
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
            .started(
                promptTokens: sequence.request.prompt.count, cachedTokens: sequence.computed, source: sequence.source,
                restoreSeconds: sequence.statistics.restoreSeconds))
    }

    private func use(_ block: KVBlock, tokens: Int, of sequence: ActiveRequest, from source: CacheSource) {
        sequence.blocks.append(block)
        sequence.computed += tokens
        if sequence.source != .disk { sequence.source = source }
    }
}
