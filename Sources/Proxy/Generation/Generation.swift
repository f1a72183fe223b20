import LaunchPlan
import Messages
import Synchronization

/// One answer while it is made: its events from the first on, for whoever listens, at whatever time he came.
///
/// It ends with `message_stop` or one `error`. When the last listener has gone it is cancelled after `linger`, since clients that
/// lost a connection come back within a second.
final class Generation: Sendable {
    fileprivate struct State {
        var events: [MessageEvent] = []
        var bytes = 0
        var hasWords = false
        var isOver = false
        var assembly = MessageAssembly()
        var kv: String?
        var listeners: [Int: AsyncStream<Void>.Continuation] = [:]
        var nextListener = 0
        var wasDelivered = false
        var isSettled = false
        var task: Task<Void, Never>?
        var first: ContinuousClock.Instant?
        var lastByte: ContinuousClock.Instant?
        var lastEvent = ContinuousClock.now
        var end: ContinuousClock.Instant?
    }
    private let state = Mutex(State())
    let messageID: String
    let begin = ContinuousClock.now
    /// An answer may be this large; no model that a plan names writes more.
    private static let maximumBytes = 64 << 20
    private static let linger = Duration.seconds(2)

    init(messageID: String = Identifiers.message()) { self.messageID = messageID }

    var isOver: Bool { state.withLock { $0.isOver } }
    /// `message_stop` was published.
    var isComplete: Bool { state.withLock { $0.assembly.isComplete } }
    /// Something of the answer was published: it cannot be asked for again unnoticed.
    var hasWords: Bool { state.withLock { $0.hasWords } }
    var wasDelivered: Bool { state.withLock { $0.wasDelivered } }
    /// What was to be done with the finished answer is done.
    var isSettled: Bool { state.withLock { $0.isSettled } }
    var end: ContinuousClock.Instant? { state.withLock { $0.end } }
    var bytes: Int { state.withLock { $0.bytes } }
    var kv: String? { state.withLock { $0.kv } }
    var message: MessageAssembly { state.withLock { $0.assembly } }
    /// From the beginning to the first byte of the answer.
    var firstByte: Duration? { state.withLock { state in state.lastByte == nil ? nil : state.firstByte(since: begin) } }

    func setKV(_ value: String?) { state.withLock { $0.kv = value } }
    func markSettled() { state.withLock { $0.isSettled = true } }
    func markDelivered() { state.withLock { $0.wasDelivered = true } }

    // MARK: the making

    /// - Parameter atEnd: called once, after the last event.
    func start(
        limits: ProxySettings.Limits, _ work: @escaping @Sendable (Generation) async throws -> Void,
        atEnd: @escaping @Sendable (Generation) async -> Void
    ) {
        let task = Task {
            do {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await work(self) }
                    group.addTask { try await self.watch(limits) }
                    try await group.next()
                    group.cancelAll()
                }
                fail(AnthropicError(.api, "the model's server ended without an answer"))
            } catch let error as AnthropicError {
                fail(error)
            } catch is CancellationError {
                fail(AnthropicError(.overloaded, "the request was given up", retryAfter: 1))
            } catch {
                fail(AnthropicError(.api, "\(error)"))
            }
            await atEnd(self)
        }
        state.withLock { $0.task = task }
    }

    func cancel() { state.withLock { $0.task }?.cancel() }

    /// Upstream sent a byte: it lives.
    func touch() { state.withLock { $0.touch() } }

    func publish(_ events: [MessageEvent]) {
        guard !events.isEmpty else { return }
        let listeners = state.withLock { state -> [AsyncStream<Void>.Continuation] in
            for event in events where !state.isOver { state.append(event, limit: Self.maximumBytes) }
            return Array(state.listeners.values)
        }
        for listener in listeners { listener.yield() }
    }

    /// Nothing, where the answer is over already.
    private func fail(_ error: AnthropicError) { publish([.error(error)]) }

    /// Pings while nothing else is said, and an end to silence.
    private func watch(_ limits: ProxySettings.Limits) async throws {
        let period = Duration.milliseconds(max(1, limits.pingMs))
        var ping = begin + min(.seconds(1), period)
        while true {
            let (lastByte, lastEvent, isOver) = state.withLock { ($0.lastByte, $0.lastEvent, $0.isOver) }
            if isOver {
                // Upstream may still close its stream in peace, for the sake of its connection.
                try await Task.sleep(for: .seconds(5))
                throw CancellationError()
            }
            let deadline = lastByte.map { $0 + .milliseconds(limits.idleTimeoutMs) } ?? begin + .milliseconds(limits.firstByteTimeoutMs)
            if hasWords { ping = max(ping, lastEvent + period) }
            let now = ContinuousClock.now
            if now >= ping {
                publish([.ping])
                ping = now + period
            }
            if now >= deadline {
                let limit = lastByte == nil ? "\(limits.firstByteTimeoutMs) ms to its first byte" : "\(limits.idleTimeoutMs) ms of silence"
                throw AnthropicError(.timeout, "the model's server took longer than \(limit)")
            }
            try await Task.sleep(until: min(deadline, ping), clock: .continuous)
        }
    }

    // MARK: the listening

    func listen() -> Listener {
        let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let (id, past) = state.withLock { state in
            let id = state.nextListener
            state.nextListener += 1
            state.listeners[id] = continuation
            return (id, state.events.count)
        }
        return Listener(generation: self, id: id, past: past, signals: stream)
    }

    fileprivate func events(from position: Int) -> (events: ArraySlice<MessageEvent>, isOver: Bool) {
        state.withLock { ($0.events[min(position, $0.events.count)...], $0.isOver) }
    }

    fileprivate func leave(_ id: Int) {
        let isLast = state.withLock { state in
            state.listeners.removeValue(forKey: id)?.finish()
            return state.listeners.isEmpty && !state.isOver
        }
        guard isLast else { return }
        Task {
            try await Task.sleep(for: Self.linger)
            if state.withLock({ $0.listeners.isEmpty }) { cancel() }
        }
    }
}

extension Generation.State {
    mutating func touch() {
        if lastByte == nil { first = .now }
        lastByte = .now
    }

    func firstByte(since begin: ContinuousClock.Instant) -> Duration? { first.map { $0 - begin } }

    mutating func append(_ event: MessageEvent, limit: Int) {
        events.append(event)
        assembly.add(event)
        bytes += event.size
        lastEvent = .now
        switch event {
        case .ping: break
        case .error, .messageStop:
            hasWords = true
            isOver = true
            end = .now
        default: hasWords = true
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

/// One reader of a generation, from its first event on.
final class Listener: Sendable {
    private let generation: Generation
    private let id: Int
    /// Pings before this position were for others.
    private let past: Int
    private let signals: AsyncStream<Void>
    private let position = Mutex(0)

    fileprivate init(generation: Generation, id: Int, past: Int, signals: AsyncStream<Void>) {
        self.generation = generation
        self.id = id
        self.past = past
        self.signals = signals
    }

    deinit { generation.leave(id) }

    /// The next events; nil after the last, or when the task is cancelled.
    func next() async -> [MessageEvent]? {
        var iterator = signals.makeAsyncIterator()
        while true {
            let position = position.withLock { $0 }
            let (slice, isOver) = generation.events(from: position)
            if !slice.isEmpty {
                self.position.withLock { $0 += slice.count }
                let events = slice.enumerated().filter { position + $0.offset >= past || $0.element != .ping }.map(\.element)
                if !events.isEmpty { return events }
                continue
            }
            if isOver { return nil }
            guard await iterator.next() != nil else { return nil }
        }
    }
}
