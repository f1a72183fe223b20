import Locking
import Messages

/// One reader of a generation, from its first event on.
final class Listener: Sendable {
    private let generation: Generation
    private let id: Int
    /// Pings before this position were for others.
    private let past: Int
    private let signals: AsyncStream<Void>
    private let position = Mutex(0)

    init(generation: Generation, id: Int, past: Int, signals: AsyncStream<Void>) {
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
