import Locking

/// The engine's thread: admits requests, shares out steps, chooses tokens. Continuous batching: one step computes one token of each
/// running answer together with a chunk of the prompts on their way.
final class Scheduler {
    private let model: LanguageModel
    private let settings: EngineSettings
    private let contextWindow: Int
    private let store: KVStore
    private let inbox: Inbox
    private let published: PublishedStatistics
    private let pass: ForwardPass
    private let clock = ContinuousClock()
    private var waiting: [WaitingRequest] = []
    private var active: [ActiveRequest] = []
    private var counts = EngineStatistics()

    init(model: LanguageModel, settings: EngineSettings, contextWindow: Int, store: KVStore, inbox: Inbox, published: PublishedStatistics) {
        self.model = model
        self.settings = settings
        self.contextWindow = contextWindow
        self.store = store
        self.inbox = inbox
        self.published = published
        pass = ForwardPass(model)
    }

    /// Works until it is told to stop.
    func run() {
        while true {
            let messages = inbox.take()
            waiting.append(contentsOf: messages.arrivals)
            cancel(messages.cancelled)
            if messages.isStopping { break }
            admit()
            publish()
            store.setEngineBusy(!active.isEmpty)
            if active.isEmpty { inbox.sleep() } else { step() }
        }
        for request in waiting { request.output.finish(throwing: EngineError.shuttingDown) }
        inbox.left(waiting.count)
        waiting = []
        for sequence in active { end(sequence, throwing: .shuttingDown) }
        active = []
        store.close()
        publish()
        inbox.stopped()
    }

    private func publish() {
        counts.active = active.count
        published.value.withLock { $0 = counts }
    }

    // MARK: Coming and going

    private func cancel(_ ids: Set<Int>) {
        guard !ids.isEmpty else { return }
        let before = waiting.count
        waiting.removeAll { ids.contains($0.id) }
        inbox.left(before - waiting.count)
        counts.requestsCancelled += before - waiting.count
        for sequence in active where ids.contains(sequence.id) {
            counts.requestsCancelled += 1
            keep(sequence, isFinal: true)
        }
        active.removeAll { ids.contains($0.id) }
    }

    /// In the order of arrival, as long as there is a place and memory for the longest they may become.
    private func admit() {
        while active.count < max(settings.maxBatch, 1), let next = waiting.first {
            let prompt = next.request.prompt.count
            let longest = prompt + min(next.request.maxTokens, contextWindow - prompt)
            let blocks = (longest + LanguageModel.blockTokens - 1) / LanguageModel.blockTokens
            guard active.isEmpty || active.reduce(blocks, { $0 + $1.reservedBlocks }) <= store.budget.limit else { return }
            waiting.removeFirst()
            inbox.left(1)
            let sequence = ActiveRequest(next, reservedBlocks: blocks, now: clock.now)
            if settings.cache.enabled {
                let match = store.match(sequence.tokens.dropLast())
                store.touch(match)
                sequence.pending = match
            }
            counts.promptTokens += sequence.tokens.count
            active.append(sequence)
        }
    }

    private func keep(_ sequence: ActiveRequest, isFinal: Bool) {
        guard sequence.request.prompt.count >= settings.cache.minTokens else { return }
        store.keep(
            sequence.tokens[..<sequence.computed], blocks: sequence.blocks, isSideCall: sequence.request.isSideCall,
            isPinned: sequence.request.isPinned, isFinal: isFinal)
    }

    private func end(_ sequence: ActiveRequest, throwing error: EngineError) {
        keep(sequence, isFinal: true)
        sequence.output.finish(throwing: error)
    }

    private func finish(_ sequence: ActiveRequest, _ reason: FinishReason) {
        let now = clock.now
        let promptDone = sequence.promptDone ?? now
        keep(sequence, isFinal: true)
        sequence.statistics.generatedTokens = sequence.generated
        sequence.statistics.queueSeconds = (sequence.admitted - sequence.arrived).seconds
        sequence.statistics.promptSeconds = (promptDone - sequence.admitted).seconds
        sequence.statistics.decodeSeconds = (now - promptDone).seconds
        counts.requestsCompleted += 1
        active.removeAll { $0 === sequence }
        sequence.output.yield(.finished(reason, sequence.statistics))
        sequence.output.finish()
    }

    // MARK: One step

    private func step() {
        let began = clock.now
        for sequence in active where !sequence.isStarted {
            do throws(RuntimeError) { try takeOver(sequence) } catch { fail([sequence], error) }
        }
        let prefilling = active.filter { $0.isStarted && $0.isPrefilling }
        let shares = StepPlan.share(prefilling.map(\.promptRemaining), budget: max(settings.prefillChunk, 1))
        var parts: [(sequence: ActiveRequest, count: Int)] = zip(prefilling, shares).map { ($0, $1) }.filter { $0.count > 0 }
        parts += active.filter { $0.isStarted && !$0.isPrefilling }.map { ($0, 1) }
        guard !parts.isEmpty else { return }
        do throws(RuntimeError) {
            try compute(parts)
        } catch {
            fail(parts.map(\.sequence), error)
        }
        let seconds = (clock.now - began).seconds
        let prompt = shares.reduce(0, +)
        counts.prefilledTokens += prompt
        // A step that does both is counted as prefill: that is what takes its time.
        if prompt > 0 { counts.prefillSeconds += seconds } else { counts.decodeSeconds += seconds }
    }

    private func fail(_ sequences: [ActiveRequest], _ error: RuntimeError) {
        for sequence in sequences {
            sequence.output.finish(throwing: EngineError.failed(error))
            active.removeAll { $0 === sequence }
        }
    }

    private func compute(_ parts: [(sequence: ActiveRequest, count: Int)]) throws(RuntimeError) {
        var spans: [BatchSpan] = []
        for (sequence, count) in parts {
            let end = sequence.computed + count
            while sequence.blocks.count * LanguageModel.blockTokens < end { sequence.blocks.append(try store.makeBlock()) }
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
                part.sequence.computed += part.count
                let rowOfPart = spans[index].logits == .last ? row : nil
                if rowOfPart != nil { row += 1 }
                advance(part.sequence, by: part.count, rowOfPart.map { UnsafeMutableBufferPointer(start: logits + $0 * size, count: size) })
            }
        }
    }

    /// After a sequence's part of a step.
    private func advance(_ sequence: ActiveRequest, by count: Int, _ logits: UnsafeMutableBufferPointer<Float>?) {
        if sequence.promptDone == nil {
            let size = LanguageModel.blockTokens
            let hasNewBlock = sequence.computed / size > (sequence.computed - count) / size
            if hasNewBlock { keep(sequence, isFinal: false) }
            if sequence.isPrefilling { return }
            sequence.promptDone = clock.now
        }
        guard let logits else { return finish(sequence, .length) }
        switch sequence.sampler.choose(logits) {
        case .nothingAllowed: finish(sequence, .noTokenAllowed)
        case .notANumber:
            fail([sequence], RuntimeError("the model's output is not a number", hint: "the weights are damaged, or not of this configuration"))
        case .token(let token):
            if sequence.request.stopTokens.contains(token.id) { return finish(sequence, .stopToken(token.id)) }
            sequence.tokens.append(token.id)
            counts.generatedTokens += 1
            sequence.output.yield(.token(token))
            if sequence.sampler.isComplete { return finish(sequence, .noTokenAllowed) }
            if sequence.generated >= sequence.request.maxTokens { return finish(sequence, .length) }
            if sequence.tokens.count >= contextWindow { return finish(sequence, .contextFull) }
        }
    }

    // MARK: What the cache knows

    /// Takes over what is known of the prompt; started when there is no more. So many blocks a step are read from disk that other
    /// streams are not held up, nor a request that is cancelled.
    private func takeOver(_ sequence: ActiveRequest) throws(RuntimeError) {
        let threads = model.threads
        var reads = active.count > 1 ? threads : 8 * threads
        while let node = sequence.pending?.blocks.first {
            if let block = node.block {
                use(block, tokens: node.tokens.count, of: sequence, from: .memory)
                sequence.pending?.blocks.removeFirst()
                continue
            }
            guard reads > 0 else { return }
            let nodes = Array(sequence.pending?.blocks.prefix { $0.block == nil }.prefix(reads) ?? [])
            let blocks = try read(nodes, for: sequence)
            for (node, block) in zip(nodes, blocks) { use(block, tokens: node.tokens.count, of: sequence, from: .disk) }
            sequence.pending?.blocks.removeFirst(blocks.count)
            reads -= blocks.count
            if blocks.count < nodes.count { sequence.pending = nil }
        }
        if let (node, tokens) = sequence.pending?.partial {
            // A block that others may use; what this sequence adds must not reach it.
            if let block = node.block {
                use(try store.copy(block, tokens: tokens), tokens: tokens, of: sequence, from: .memory)
            } else if let block = try read([node], for: sequence).first {
                use(try store.copy(block, tokens: tokens), tokens: tokens, of: sequence, from: .disk)
            }
        }
        sequence.pending = nil
        sequence.isStarted = true
        sequence.statistics.cachedTokens = sequence.computed
        store.count(hit: sequence.computed, source: sequence.source)
        sequence.output.yield(
            .started(promptTokens: sequence.request.prompt.count, cachedTokens: sequence.computed, source: sequence.source))
    }

    private func read(_ nodes: [PrefixTree.Node], for sequence: ActiveRequest) throws(RuntimeError) -> [KVBlock] {
        let began = clock.now
        defer { sequence.statistics.restoreSeconds += (clock.now - began).seconds }
        return try store.restore(nodes, threads: model.threads)
    }

    private func use(_ block: KVBlock, tokens: Int, of sequence: ActiveRequest, from source: CacheSource) {
        sequence.blocks.append(block)
        sequence.computed += tokens
        if sequence.source != .disk { sequence.source = source }
    }
}

extension Duration {
    var seconds: Double {
        let (whole, atto) = components
        return Double(whole) + Double(atto) * 1e-18
    }
}
