import Locking
import Messages

/// One reader of a generation, from its first event on.
final class Listener: Sendable {
    typealias Read = @Sendable (_ position: Int) -> (events: ArraySlice<MessageEvent>, isOver: Bool)
    private let read: Read
    private let leave: @Sendable () -> Void
    /// Pings before this position were for others.
    private let past: Int
    private let news: NewsSignal
    private let position = Mutex(0)

    init(past: Int, news: NewsSignal, read: @escaping Read, leave: @escaping @Sendable () -> Void) {
        self.read = read
        self.leave = leave
        self.past = past
        self.news = news
    }

    deinit { leave() }

    /// The next events; nil after the last, or when the task is cancelled.
    func next() async -> [MessageEvent]? {
        while true {
            let (events, isOver) = take()
            if !events.isEmpty { return Array(events) }
            guard !isOver, await news.wait() else { return nil }
        }
    }

    /// Waits for the last event; returns too when the task is cancelled.
    func end() async {
        while !take().isOver { guard await news.wait() else { return } }
    }

    /// The events since the last ones that were taken; none may be a false alarm.
    ///
    /// - Returns: `isOver` where none follows these.
    func take() -> (events: ArraySlice<MessageEvent>, isOver: Bool) {
        position.withLock { position in
            let (events, isOver) = read(position)
            let start = position
            position += events.count
            guard start < past, events.contains(.ping) else { return (events, isOver) }
            let own = events.enumerated().filter { start + $0.offset >= past || $0.element != .ping }.map(\.element)
            return (own[...], isOver)
        }
    }

    /// Calls whenever `take` has more, on whatever thread that comes.
    func follow(_ call: @escaping @Sendable () -> Void) { news.follow(call) }
}
