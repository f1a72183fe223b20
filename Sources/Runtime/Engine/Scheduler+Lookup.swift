// Several tokens of an answer in one step: those that may come next are computed with the one before them, and each is chosen as if it were alone,
// until one is not what was proposed. A row's result does not depend on the rows beside it, so the tokens are the same; keys and values of what was
// not chosen are written over by what was.

extension Scheduler {
    /// What the coming step may compute beyond the one token of an answer.
    func proposal(for sequence: ActiveRequest) -> [Int32] {
        guard settings.lookupTokens > 0, active.count <= settings.lookupStreams, sequence.isDecoding else { return [] }
        let tokens = sequence.tokens
        // As many as may follow; and none is worth a block, which another could need.
        let most = min(
            settings.lookupTokens, sequence.request.maxTokens - sequence.generated - 1, contextWindow - tokens.count - 1,
            BlockCount.of(tokens.count) * LanguageModel.blockTokens - tokens.count)
        let allowance = sequence.lookupPace.allowance(most: most, cost: rowCost.share)
        guard allowance > 0 else { return [] }
        sequence.followTokens()
        let proposal = sequence.lookup?.proposal(after: tokens, limit: allowance) ?? []
        return Array(proposal.prefix { !sequence.request.stopTokens.contains($0) })
    }

    /// Chooses the next token, and those after it as long as they are what was proposed. Row after row of logits.
    func choose(_ sequence: ActiveRequest, proposed: [Int32], _ logits: UnsafeMutablePointer<Float>) {
        sequence.statistics.proposedTokens += proposed.count
        counts.proposedTokens += proposed.count
        let before = sequence.statistics.acceptedTokens
        for row in 0...proposed.count {
            let expected = row < proposed.count ? proposed[row] : nil
            // The one before came true, and its keys and values are there.
            if row > 0 { sequence.computed += 1 }
            let size = model.vocabularySize
            let chosen = choose(sequence, UnsafeMutableBufferPointer(start: logits + row * size, count: size), expected: expected)
            guard let chosen, chosen == expected else { break }
        }
        sequence.lookupPace.note(proposed: proposed.count, accepted: sequence.statistics.acceptedTokens - before)
    }
}
