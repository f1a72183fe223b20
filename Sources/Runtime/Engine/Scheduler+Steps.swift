// One step: a token of each running answer, and a chunk of the prompts.

extension Scheduler {
    /// A sequence's part of a step: its next tokens, and those that may follow.
    struct Part {
        let sequence: ActiveRequest
        let count: Int
        var proposed: [Int32] = []
    }

    func step() {
        let began = clock.now
        let isShared = active.count > 1 || !waiting.isEmpty
        restore(until: began + .seconds(plan.restoringSeconds(isShared: isShared)))
        let restored = clock.now
        let prefilling = active.filter(\.isPrefilling)
        let shares = StepPlan.share(
            prefilling.map(\.promptRemaining),
            budget: plan.budget(rate: promptRate.tokensPerSecond, isShared: isShared, spent: (restored - began).seconds))
        var parts: [Part] = zip(prefilling, shares).map { Part(sequence: $0, count: $1) }.filter { $0.count > 0 }
        parts += active.filter(\.isDecoding).map { Part(sequence: $0, count: 1, proposed: proposal(for: $0)) }
        makeRoom { Self.newBlocks(parts) }
        parts.removeAll { $0.sequence.phase == .waiting }
        guard !parts.isEmpty else { return }
        let prompt = parts.reduce(0) { $0 + ($1.sequence.isPrefilling ? $1.count : 0) }
        do throws(RuntimeError) {
            try compute(parts)
        } catch {
            fail(parts.map(\.sequence), error)
        }
        let now = clock.now
        promptRate.note(tokens: prompt, seconds: (now - restored).seconds)
        if prompt == 0, parts.count == 1 { rowCost.note(rows: 1 + parts[0].proposed.count, seconds: (now - restored).seconds) }
        let seconds = (now - began).seconds
        counts.prefilledTokens += prompt
        // A step that does both is counted as prefill: that is what takes its time.
        if prompt > 0 { counts.prefillSeconds += seconds } else { counts.decodeSeconds += seconds }
    }

    /// Blocks that are not there yet, of those who have not been put back.
    private static func newBlocks(_ parts: [Part]) -> Int {
        parts.reduce(0) { sum, part in
            guard part.sequence.phase == .computing else { return sum }
            return sum + max(BlockCount.of(part.sequence.computed + part.count) - part.sequence.blocks.count, 0)
        }
    }

    private func compute(_ parts: [Part]) throws(RuntimeError) {
        var spans: [BatchSpan] = []
        for part in parts {
            let sequence = part.sequence
            let end = sequence.computed + part.count
            while sequence.blocks.count < BlockCount.of(end) { sequence.blocks.append(try store.makeBlock()) }
            let wantsLogits = end >= sequence.tokens.count && sequence.request.maxTokens > 0
            spans.append(
                BatchSpan(
                    blocks: sequence.blocks.map(\.memory), start: sequence.computed,
                    tokens: sequence.tokens[sequence.computed..<end] + part.proposed,
                    logits: !wantsLogits ? .none : part.proposed.isEmpty ? .last : .all))
        }
        let size = model.vocabularySize
        try pass.run(spans) { (logits, _) throws(RuntimeError) in
            var row = 0
            for (span, part) in zip(spans, parts) {
                advance(part, span.logits == .none ? nil : logits + row * size)
                row += span.logitRows
            }
        }
    }

    /// After a sequence's part of a step.
    private func advance(_ part: Part, _ logits: UnsafeMutablePointer<Float>?) {
        let sequence = part.sequence
        let wasPrefilling = sequence.isPrefilling
        sequence.computed += part.count
        if wasPrefilling {
            let size = LanguageModel.blockTokens
            if sequence.computed / size > (sequence.computed - part.count) / size { keep(sequence, isFinal: false) }
            if sequence.isPrefilling { return }
        }
        if sequence.promptDone == nil { sequence.promptDone = clock.now }
        guard let logits else { return finish(sequence, .length) }
        choose(sequence, proposed: part.proposed, logits)
    }

    /// The token that was chosen; nil where the request came to its end.
    func choose(_ sequence: ActiveRequest, _ logits: UnsafeMutableBufferPointer<Float>, expected: Int32?) -> Int32? {
        switch sequence.sampler.choose(logits) {
        case .nothingAllowed: finish(sequence, .noTokenAllowed)
        case .notANumber:
            fail([sequence], RuntimeError("the model's output is not a number", hint: "the weights are damaged, or not of this configuration"))
        case .token(let token):
            if token.id == expected {
                sequence.statistics.acceptedTokens += 1
                counts.acceptedTokens += 1
            }
            if sequence.request.stopTokens.contains(token.id) {
                finish(sequence, .stopToken(token.id))
                return nil
            }
            sequence.append(token.id)
            counts.generatedTokens += 1
            sequence.output.yield(.token(token))
            if sequence.sampler.isComplete {
                finish(sequence, .noTokenAllowed)
            } else if sequence.generated >= sequence.request.maxTokens {
                finish(sequence, .length)
            } else if sequence.tokens.count >= contextWindow {
                finish(sequence, .contextFull)
            } else {
                return token.id
            }
        }
        return nil
    }
}
