import HTTPTypes
import Locking
import Messages
import NIOCore
import NIOPosix
import Serving

/// The stream of a chat completion on its way from whoever makes it to the one who writes it to the client, so that silence is seen while
/// it lasts, from the first moment on.
///
/// A client that reads slowly holds the maker up, as it would hold up the model's server.
final class ChatFeed: Sendable {
    enum Item: Sendable {
        /// There is an answer, with these headers.
        case head(HTTPFields)
        case bytes(ByteBuffer)
        case failure(OpenAI.Failure)
        /// What has begun is broken off, and there is no way to say so.
        case cut(any Error)
    }
    private struct State {
        var items: [Item] = []
        var bytes = 0
        var isOver = false
        /// The client has been sent a head that does not come from here.
        var hasHead = false
    }
    private let state = Mutex(State())
    private let arrivals = NewsSignal()
    private let departures = NewsSignal()
    /// More waits with the model's server.
    private static let maximumBytes = 256 << 10

    // MARK: the maker

    /// - Returns: false where the client has been sent another head already.
    func head(_ fields: HTTPFields) -> Bool {
        let isFirst = state.withLock { state in
            if !state.hasHead { state.items.append(.head(fields)) }
            return !state.hasHead
        }
        arrivals.raise()
        return isFirst
    }

    /// Returns when there is room for more.
    func put(_ bytes: ByteBuffer) async throws {
        guard bytes.readableBytes > 0 else { return }
        add(.bytes(bytes), size: bytes.readableBytes)
        while state.withLock({ $0.bytes > Self.maximumBytes }) {
            guard await departures.wait() else { throw CancellationError() }
        }
    }

    func put(_ failure: OpenAI.Failure) { add(.failure(failure)) }
    func cut(_ error: any Error) { add(.cut(error)) }

    private func add(_ item: Item, size: Int = 0) {
        state.withLock { state in
            state.items.append(item)
            state.bytes += size
        }
        arrivals.raise()
    }

    private func end() {
        state.withLock { $0.isOver = true }
        arrivals.raise()
    }

    // MARK: the writer

    enum Next: Sendable {
        case item(Item)
        /// Nothing came in that time.
        case silence
        case end
    }

    /// Who writes it. When it goes, the making is given up.
    final class Reader: Sendable {
        private let feed: ChatFeed
        private let making: Task<Void, Never>

        /// - Parameter make: ends when all is said.
        init(_ make: @escaping @Sendable (ChatFeed) async -> Void) {
            let feed = ChatFeed()
            self.feed = feed
            making = Task(executorPreference: EventLoopExecutor.current) {
                await make(feed)
                feed.end()
            }
        }

        deinit { making.cancel() }

        /// - Throws: where the task is cancelled.
        func next(within period: Duration) async throws -> Next {
            let deadline = ContinuousClock.now + period
            let loop = MultiThreadedEventLoopGroup.currentEventLoop ?? MultiThreadedEventLoopGroup.singleton.any()
            var timer: Scheduled<Void>?
            defer { timer?.cancel() }
            while true {
                if let next = feed.take() { return next }
                let rest = deadline - .now
                guard rest > .zero else { return .silence }
                if timer == nil { timer = loop.scheduleTask(in: TimeAmount(rest)) { [feed] in feed.arrivals.raise() } }
                guard await feed.arrivals.wait() else { throw CancellationError() }
            }
        }

        /// What came at the last moment; nil where the client is sent another head, since nothing did.
        func nextInstead() -> Next? { feed.take { $0.hasHead = true } }
    }

    private func take(orElse change: (inout State) -> Void = { _ in }) -> Next? {
        let next = state.withLock { state -> Next? in
            guard let first = state.items.first else {
                change(&state)
                return state.isOver ? .end : nil
            }
            state.items.removeFirst()
            if case .bytes(let bytes) = first { state.bytes -= bytes.readableBytes }
            return .item(first)
        }
        departures.raise()
        return next
    }
}
