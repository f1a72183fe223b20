// One step: a token of each running answer, and a chunk of the prompts.

extension Scheduler {
    typealias Part = (sequence: ActiveRequest, count: Int)

    func step() {
        let began = clock.now
        let isShared = active.count > 1 || !waiting.isEmpty
        restore(until: began + .seconds(plan.restoringSeconds(isShared: isShared)))
        let restored = clock.now
        let prefilling = active.filter(\.isPrefilling)
        let shares = StepPlan.share(
            prefilling.map(\.promptRemaining),
            budget: plan.budget(rate: promptRate.tokensPerSecond, isShared: isShared, spent: (restored - began).seconds))
        var parts: [Part] = zip(prefilling, shares).map { ($0, $1) }.filter { $0.count > 0 }
        parts += active.filter(\.isDecoding).map { ($0, 1) }
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
        for (sequence, count) in parts {
            let end = sequence.computed + count
            while sequence.blocks.count < BlockCount.of(end) { sequence.blocks.append(try store.makeBlock()) }
            let wantsLogits = end >= sequence.tokens.count && sequence.request.maxTokens > 0
            spans.append(
                BatchSpan(
                    blocks: sequence.blocks.map(\.memory), start: sequence.computed, tokens: sequence.tokens[sequence.computed..<end],
                    logits: wantsLogits ? .last : .none))
        }
        let size = model.vocabularySize
        try pass.run(spans) { (logits, _) throws(RuntimeError) in
            var row = 0
            for (index, part) in parts.enumerated() {
                let rowOfPart = spans[index].logits == .last ? row : nil
                if rowOfPart != nil { row += 1 }
                advance(part.sequence, by: part.count, rowOfPart.map { UnsafeMutableBufferPointer(start: logits + $0 * size, count: size) })
            }
        }
    }

    /// After a sequence's part of a step.
    private func advance(_ sequence: ActiveRequest, by count: Int, _ logits: UnsafeMutableBufferPointer<Float>?) {
        let wasPrefilling = sequence.isPrefilling
        sequence.computed += count
        if wasPrefilling {
            let size = LanguageModel.blockTokens
            if sequence.computed / size > (sequence.computed - count) / size { keep(sequence, isFinal: false) }
            if sequence.isPrefilling { return }
        }
        if sequence.promptDone == nil { sequence.promptDone = clock.now }
        guard let logits else { return finish(sequence, .length) }
        choose(sequence, logits)
    }

    private func choose(_ sequence: ActiveRequest, _ logits: UnsafeMutableBufferPointer<Float>) {
        switch sequence.sampler.choose(logits) {
        case .nothingAllowed: finish(sequence, .noTokenAllowed)
        case .notANumber:
            fail([sequence], RuntimeError("the model's output is not a number", hint: "the weights are damaged, or not of this configuration"))
        case .token(let token):
            if sequence.request.stopTokens.contains(token.id) { return finish(sequence, .stopToken(token.id)) }
            sequence.append(token.id)
            counts.generatedTokens += 1
            sequence.output.yield(.token(token))
            if sequence.sampler.isComplete { return finish(sequence, .noTokenAllowed) }
            if sequence.generated >= sequence.request.maxTokens { return finish(sequence, .length) }
            if sequence.tokens.count >= contextWindow { return finish(sequence, .contextFull) }
        }
    }
}
