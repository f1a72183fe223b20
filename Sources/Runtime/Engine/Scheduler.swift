import Locking

/// The engine's thread: takes requests up, shares out steps, chooses tokens. Continuous batching: one step computes one token of each
/// running answer together with a chunk of the prompts on their way.
///
/// `active` and `waiting` together are in the order of arrival: only the youngest of `active` is put back, and to the front of `waiting`.
final class Scheduler {
    let model: LanguageModel
    let settings: EngineSettings
    let contextWindow: Int
    let store: KVStore
    let inbox: Inbox
    private let published: PublishedStatistics
    let pass: ForwardPass
    let plan: StepPlan
    var promptRate = PromptRate()
    var rowCost = RowCost()
    let clock = ContinuousClock()
    var waiting: [ActiveRequest] = []
    var active: [ActiveRequest] = []
    var counts = EngineStatistics()

    init(model: LanguageModel, settings: EngineSettings, contextWindow: Int, store: KVStore, inbox: Inbox, published: PublishedStatistics) {
        self.model = model
        self.settings = settings
        self.contextWindow = contextWindow
        self.store = store
        self.inbox = inbox
        self.published = published
        pass = ForwardPass(model)
        plan = StepPlan(settings, hasExperts: model.configuration.experts != nil)
    }

    /// Works until it is told to stop.
    func run() {
        while true {
            let messages = inbox.take()
            waiting.append(contentsOf: messages.arrivals.map(ActiveRequest.init))
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

    // MARK: Going

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

    func keep(_ sequence: ActiveRequest, isFinal: Bool) {
        guard sequence.request.prompt.count >= settings.cache.minTokens else { return }
        sequence.blocks = store.keep(
            sequence.tokens[..<sequence.computed], blocks: sequence.blocks, isSideCall: sequence.request.isSideCall,
            isPinned: sequence.request.isPinned, isFinal: isFinal)
    }

    private func end(_ sequence: ActiveRequest, throwing error: EngineError) {
        keep(sequence, isFinal: true)
        sequence.output.finish(throwing: error)
    }

    func fail(_ sequences: [ActiveRequest], _ error: RuntimeError) {
        for sequence in sequences {
            sequence.output.finish(throwing: EngineError.failed(error))
            active.removeAll { $0 === sequence }
        }
    }

    func finish(_ sequence: ActiveRequest, _ reason: FinishReason) {
        let now = clock.now
        let admitted = sequence.admitted ?? now
        let promptDone = sequence.promptDone ?? now
        keep(sequence, isFinal: true)
        sequence.statistics.generatedTokens = sequence.generated
        sequence.statistics.queueSeconds = (admitted - sequence.arrived).seconds
        sequence.statistics.promptSeconds = (promptDone - admitted).seconds
        sequence.statistics.decodeSeconds = (now - promptDone).seconds
        counts.requestsCompleted += 1
        active.removeAll { $0 === sequence }
        sequence.output.yield(.finished(reason, sequence.statistics))
        sequence.output.finish()
    }
}

extension Duration {
    var seconds: Double {
        let (whole, atto) = components
        return Double(whole) + Double(atto) * 1e-18
    }
}
