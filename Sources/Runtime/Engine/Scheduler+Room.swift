// Who is computed. Memory for keys and values is not reserved for answers that may never become so long: a request is taken up when what
// it has fits, with a margin, and the youngest is put back when it turns out that not all of them can go on.
//
// The oldest is never put back, and alone it has room for a whole window: so there is always progress. Who was put back is not taken up again
// before there is room for all it has and the margin, its own and that of those who run; so nobody is put back in turns.

extension Scheduler {
    /// Takes up who waits, in the order of arrival.
    func admit() {
        while active.count < max(settings.maxBatch, 1), let next = waiting.first {
            guard active.isEmpty || promised + need(of: next) <= store.budget.limit else { return }
            waiting.removeFirst()
            inbox.left(1)
            if next.isTakenUpFirst { counts.promptTokens += next.tokens.count }
            let match = settings.cache.enabled ? store.match(next.tokens.dropLast()) : nil
            if let match { store.touch(match) }
            next.takeUp(match, now: clock.now)
            active.append(next)
        }
    }

    /// Blocks of all that a request has, and of the next tokens of its answer.
    private func wanted(by sequence: ActiveRequest) -> Int {
        let tokens = sequence.tokens.count
        return BlockCount.of(min(tokens + min(max(settings.answerMargin, 1), contextWindow), max(sequence.longest(window: contextWindow), tokens)))
    }

    /// Blocks that a request brings in. One that was put back needs them all, so that it does not come back too soon; of a new one's,
    /// those that it will share with another are there.
    private func need(of sequence: ActiveRequest) -> Int {
        let shared = sequence.isTakenUpFirst ? active.lazy.map { Self.sharedBlocks($0, sequence) }.max() ?? 0 : 0
        return wanted(by: sequence) - shared
    }

    private static func sharedBlocks(_ running: ActiveRequest, _ other: ActiveRequest) -> Int {
        zip(running.tokens[..<running.computed], other.tokens).prefix { $0 == $1 }.count / LanguageModel.blockTokens
    }

    /// Blocks that those who run have, and will have with their margin.
    private var promised: Int { held + active.reduce(0) { $0 + max(wanted(by: $1) - $1.blocks.count, 0) } }

    /// Blocks that those who run have, or are about to take over. What several share counts once.
    var held: Int {
        var blocks: Set<ObjectIdentifier> = []
        for sequence in active {
            for block in sequence.blocks { blocks.insert(ObjectIdentifier(block)) }
            guard let pending = sequence.pending else { continue }
            for block in pending.blocks.lazy.compactMap(\.block) { blocks.insert(ObjectIdentifier(block)) }
            if let block = pending.partial?.node.block { blocks.insert(ObjectIdentifier(block)) }
        }
        return blocks.count
    }

    /// Makes sure that `more()` blocks fit beside those in use: puts the youngest back, one after the other, at most until the oldest is alone.
    /// What only the cache holds makes room by itself.
    func makeRoom(for more: () -> Int) {
        while active.count > 1 {
            let count = more()
            if count == 0 || held + count <= store.budget.limit { return }
            putBackYoungest()
        }
    }

    private func putBackYoungest() {
        let sequence = active.removeLast()
        // However short the prompt: this one comes back.
        if sequence.computed >= settings.cache.minTokens {
            store.keep(sequence.tokens[..<sequence.computed], blocks: sequence.blocks, isSideCall: sequence.request.isSideCall, isFinal: true)
        }
        sequence.putBack()
        waiting.insert(sequence, at: 0)
        inbox.returned(1)
        counts.requestsPutBack += 1
    }
}

/// Blocks that tokens take.
enum BlockCount {
    static func of(_ tokens: Int) -> Int { (tokens + LanguageModel.blockTokens - 1) / LanguageModel.blockTokens }
}
