import LaunchPlan
import Locking
import Messages
import NIOCore
import NIOPosix
import Serving

/// One answer while it is made: its events from the first on, for whoever listens, at whatever time he came.
///
/// It ends with `message_stop` or one `error`. When the last listener has gone it is cancelled after a while.
final class Generation: Sendable {
    fileprivate struct State {
        var events: [MessageEvent] = []
        var bytes = 0
        var hasWords = false
        var hasStarted = false
        var isOver = false
        var isAbandoned = false
        var assembly = MessageAssembly()
        var kv: String?
        var upstreamID: String?
        var model: String?
        var isCounted = false
        var reportsCache = false
        var cost: Double?
        var listeners: [(id: Int, news: NewsSignal)] = []
        var nextListener = 0
        var wasDelivered = false
        var isSettled = false
        var task: Task<Void, Never>?
        var timer: Scheduled<Void>?
        /// Nothing more comes from the model's server.
        var isMade = false
        var first: ContinuousClock.Instant?
        var lastByte: ContinuousClock.Instant?
        var lastEvent = ContinuousClock.now
        var end: ContinuousClock.Instant?
        /// What it waits for before it is sent to the model's server.
        var waiting: (@Sendable () -> String)?
        /// Since when it has waited, however often it was sent meanwhile and not taken.
        var held: ContinuousClock.Instant?
        /// When it was sent last.
        var asked: ContinuousClock.Instant?
    }
    private let state = Mutex(State())
    let messageID = Identifiers.message()
    let begin = ContinuousClock.now
    /// An answer may be this large; no model that a plan names writes more.
    private static let maximumBytes = 64 << 20
    private let linger: Duration

    /// - Parameter linger: how long it goes on without a listener: clients that lost a connection come back within a second.
    init(linger: Duration = .seconds(2)) { self.linger = linger }

    var isOver: Bool { state.withLock { $0.isOver } }
    /// `message_stop` was published.
    var isComplete: Bool { state.withLock { $0.assembly.isComplete } }
    /// It is given up: nobody may join it any more.
    var isAbandoned: Bool { state.withLock { $0.isAbandoned } }
    /// The model has begun to speak: the answer cannot be asked for again unnoticed.
    var hasContent: Bool { state.withLock { $0.hasContent } }
    var wasDelivered: Bool { state.withLock { $0.wasDelivered } }
    /// What was to be done with the finished answer is done.
    var isSettled: Bool { state.withLock { $0.isSettled } }
    var end: ContinuousClock.Instant? { state.withLock { $0.end } }
    var bytes: Int { state.withLock { $0.bytes } }
    var kv: String? { state.withLock { $0.kv } }
    /// The server's own id of the answer, for its log.
    var upstreamID: String? { state.withLock { $0.upstreamID } }
    var message: MessageAssembly { state.withLock { $0.assembly } }
    /// What the answer is kept under; nil where nobody says whose it is.
    var model: String? { state.withLock { $0.model } }
    /// The server has counted the answer's tokens: they are no estimates.
    var isCounted: Bool { state.withLock { $0.isCounted } }
    /// The server counts the prompt tokens that it found in its cache.
    var reportsCache: Bool { state.withLock { $0.reportsCache } }
    /// What the answer cost, in US dollars, by a server that bills.
    var cost: Double? { state.withLock { $0.cost } }
    /// From the beginning to the model's first word.
    var firstWord: Duration? { state.withLock { $0.first.map { $0 - begin } } }

    func setKV(_ value: String?) { state.withLock { $0.kv = value } }
    func setUpstreamID(_ value: String) { state.withLock { $0.upstreamID = value } }
    func setModel(_ value: String?) { state.withLock { $0.model = value } }
    func setCounts(_ usage: OpenAI.Usage?) {
        state.withLock { state in
            state.isCounted = usage != nil
            state.cost = usage?.dollars
            state.reportsCache = usage?.cachedTokens != nil
        }
    }
    func markSettled() { state.withLock { $0.isSettled = true } }
    func markDelivered() { state.withLock { $0.wasDelivered = true } }

    // MARK: the making

    /// Where the caller's connection is, so that nothing changes threads between a server's bytes and a client's; what is made of a large
    /// body, where that was read.
    ///
    /// - Parameter atEnd: called once, after the last event.
    func start(
        limits: ProxySettings.Limits, _ work: @escaping @Sendable (Generation) async throws -> Void,
        atEnd: @escaping @Sendable (Generation) async -> Void
    ) {
        let loop = MultiThreadedEventLoopGroup.currentEventLoop ?? MultiThreadedEventLoopGroup.singleton.any()
        let executor = EventLoopExecutor.current
        let task = Task(executorPreference: executor) {
            await self.perform(work)
            self.state.withLock { $0.endWatch() }?.cancel()
            // In a task of its own: what is made is kept, even where it was given up at the same moment.
            await Task(executorPreference: executor) { await atEnd(self) }.value
        }
        let isAbandoned = state.withLock { state in
            state.task = task
            return state.isAbandoned
        }
        if isAbandoned { task.cancel() }
        watch(SilenceWatch(limits, begin: begin), on: loop)
    }

    private func perform(_ work: @Sendable (Generation) async throws -> Void) async {
        do {
            try await work(self)
            fail(AnthropicError(.api, "the model's server ended without an answer"))
        } catch let error as AnthropicError {
            fail(error)
        } catch is CancellationError {
            fail(AnthropicError(.overloaded, "the request was given up", retryAfter: 1))
        } catch {
            fail(AnthropicError(.api, "\(error)"))
        }
    }

    /// Gives up what is not over yet.
    func cancel() { state.withLock { $0.giveUp() }?.cancel() }

    /// It waits before it is sent: the time to the first byte does not run.
    func wait(for what: @autoclosure @escaping @Sendable () -> String) {
        state.withLock { state in
            state.held = state.held ?? .now
            state.waiting = what
        }
    }

    /// Who had it has died of it, or with it: what it waits for now, it waits for anew.
    func lose() { state.withLock { $0.held = nil } }

    /// It is sent now.
    func ask() {
        state.withLock { state in
            state.waiting = nil
            state.asked = .now
        }
    }

    /// What it waits for, in words; nil where the model's server has it.
    var waitsFor: String? { state.withLock { $0.waiting }?() }

    /// Upstream sent a byte: it lives.
    func touch() { state.withLock { $0.touch() } }

    func publish(_ events: [MessageEvent]) {
        guard !events.isEmpty else { return }
        let listeners = state.withLock { state in
            guard !state.isOver else { return state.listeners }
            state.lastEvent = .now
            for event in events where !state.isOver { state.append(event, limit: Self.maximumBytes) }
            return state.listeners
        }
        for listener in listeners { listener.news.raise() }
    }

    /// Nothing, where the answer is over already.
    private func fail(_ error: AnthropicError) { publish([.error(error)]) }

    private func watch(_ watch: SilenceWatch, on loop: any EventLoop) {
        let now = ContinuousClock.now
        var next = watch
        let (action, time) = next.step(now, state.withLock { $0.progress })
        switch action {
        case .wait: break
        case .ping: publish([.ping])
        case .giveUp(var error):
            if let what = waitsFor { error.message += " \(what)" }
            fail(error)
            state.withLock { $0.task }?.cancel()
            return
        case .stop:
            state.withLock { $0.task }?.cancel()
            return
        }
        let timer = loop.scheduleTask(in: TimeAmount(max(time - now, .zero))) { [next] in self.watch(next, on: loop) }
        let isMade = state.withLock { state in
            state.timer = timer
            return state.isMade
        }
        if isMade { timer.cancel() }
    }

    // MARK: the listening

    func listen() -> Listener {
        let news = NewsSignal()
        let (id, past) = state.withLock { $0.add(news) }
        return listener(id, past, news)
    }

    /// For those who come later: nil where the answer is given up.
    func join() -> Listener? {
        let news = NewsSignal()
        guard let (id, past) = state.withLock({ state in state.isAbandoned ? nil : state.add(news) }) else { return nil }
        return listener(id, past, news)
    }

    private func listener(_ id: Int, _ past: Int, _ news: NewsSignal) -> Listener {
        Listener(past: past, news: news, read: { self.events(from: $0) }, leave: { self.leave(id) })
    }

    private func events(from position: Int) -> (events: ArraySlice<MessageEvent>, isOver: Bool) {
        state.withLock { ($0.events[min(position, $0.events.count)...], $0.isOver) }
    }

    private func leave(_ id: Int) {
        let (left, isLast) = state.withLock { state in
            let index = state.listeners.firstIndex { $0.id == id }
            let left = index.map { state.listeners.remove(at: $0) }
            return (left, state.listeners.isEmpty && !state.isOver)
        }
        left?.news.end()
        guard isLast else { return }
        Task {
            try await Task.sleep(for: linger)
            state.withLock { $0.listeners.isEmpty ? $0.giveUp() : nil }?.cancel()
        }
    }
}

extension Generation.State {
    /// The model has begun to speak.
    var hasContent: Bool { first != nil }

    mutating func touch() {
        lastByte = .now
        held = nil
    }

    var progress: SilenceWatch.Progress {
        SilenceWatch.Progress(
            lastByte: lastByte, lastEvent: lastEvent, hasWords: hasWords, hasContent: hasContent, waitingSince: waiting == nil ? nil : held,
            asked: asked,
            end: isOver ? end : nil)
    }

    /// - Returns: what is to be cancelled then.
    mutating func endWatch() -> Scheduled<Void>? {
        isMade = true
        return timer
    }

    /// - Returns: what is to be cancelled then.
    mutating func giveUp() -> Task<Void, Never>? {
        guard !isOver else { return nil }
        isAbandoned = true
        return task
    }

    mutating func add(_ news: NewsSignal) -> (id: Int, past: Int) {
        defer { nextListener += 1 }
        listeners.append((nextListener, news))
        return (nextListener, events.count)
    }

    mutating func append(_ event: MessageEvent, limit: Int) {
        // A server that is asked again begins again; whoever listens has heard the beginning.
        if case .messageStart = event, hasStarted { return }
        events.append(event)
        assembly.add(event)
        bytes += event.size
        switch event {
        case .ping: break
        case .error, .messageStop:
            hasWords = true
            isOver = true
            end = .now
        case .messageStart:
            hasWords = true
            hasStarted = true
        default:
            hasWords = true
            if first == nil { first = .now }
        }
        if bytes > limit, !isOver {
            let error = MessageEvent.error(AnthropicError(.api, "the answer is larger than \(limit) bytes", shouldRetry: false))
            append(error, limit: .max)
        }
    }
}

extension MessageEvent {
    /// About what the event holds in memory.
    fileprivate var size: Int {
        guard case .blockDelta(_, let delta) = self else { return 64 }
        return switch delta {
        case .text(let text), .thinking(let text), .signature(let text), .inputJSON(let text): text.utf8.count + 64
        }
    }
}
