import Locking
import Messages

/// One reader of a generation, from its first event on.
final class Listener: Sendable {
    typealias Read = @Sendable (_ position: Int) -> (events: ArraySlice<MessageEvent>, isOver: Bool)
    private let read: Read
    private let leave: @Sendable () -> Void
    /// Pings before this position were for others.
    private let past: Int
    private let signals: AsyncStream<Void>
    private let position = Mutex(0)

    init(past: Int, signals: AsyncStream<Void>, read: @escaping Read, leave: @escaping @Sendable () -> Void) {
        self.read = read
        self.leave = leave
        self.past = past
        self.signals = signals
    }

    deinit { leave() }

    /// The next events; nil after the last, or when the task is cancelled.
    func next() async -> [MessageEvent]? {
        var iterator = signals.makeAsyncIterator()
        while true {
            let position = position.withLock { $0 }
            let (slice, isOver) = read(position)
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
