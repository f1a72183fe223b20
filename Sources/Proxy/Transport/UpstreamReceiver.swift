import Locking
import NIOCore
import NIOHTTP1

/// Who hears of an exchange with a server, on its event loop.
///
/// Parts that nobody reads yet are kept here, up to a bound, beyond which the server is held up; they are read before an error is told. Each
/// wait ends: with what comes, or with the end of the exchange.
final class UpstreamReceiver: Sendable {
    typealias Take = @Sendable (ByteBuffer) -> Bool
    fileprivate enum Head {
        case awaited(CheckedContinuation<HTTPResponseHead, any Error>?)
        case here(HTTPResponseHead)
        case told
    }
    fileprivate enum Reader {
        case none
        case pulls(CheckedContinuation<ByteBuffer?, any Error>)
        case takes(Take, CheckedContinuation<Void, any Error>)
    }
    fileprivate struct State {
        var head = Head.awaited(nil)
        var reader = Reader.none
        /// Not read yet.
        var parts = CircularBuffer<ByteBuffer>()
        var bytes = 0
        /// The server is held up.
        var isHeld = false
        /// That of the exchange; nil before it, and after its end.
        var connection: NIOLoopBound<UpstreamConnection>?
        var end: Result<Void, any Error>?
        /// When the head or a part came last.
        var last: NIODeadline?
    }
    enum Progress {
        /// Nothing came yet.
        case asked
        case read(last: NIODeadline)
        /// There is more than was read.
        case unread
        case over
    }
    private let state = Mutex(State())
    private let loop: any EventLoop
    /// More waits with the server.
    private static let maximumBytes = 256 << 10

    init(_ loop: any EventLoop) { self.loop = loop }

    var progress: Progress {
        state.withLock { state in
            if state.end != nil { return .over }
            guard let last = state.last else { return .asked }
            return state.parts.isEmpty ? .read(last: last) : .unread
        }
    }

    /// More has come than waits here: the server is held up.
    var isHeld: Bool { state.withLock { $0.isHeld } }

    func onLoop(_ work: @escaping @Sendable () -> Void) { if loop.inEventLoop { work() } else { loop.execute(work) } }

    // MARK: who reads

    func head() async throws -> HTTPResponseHead {
        try await withCheckedThrowingContinuation { continuation in
            let result = state.withLock { state -> Result<HTTPResponseHead, any Error>? in
                switch (state.head, state.end) {
                case (.here(let head), _):
                    state.head = .told
                    return .success(head)
                case (_, .failure(let error)?): return .failure(error)
                default:
                    state.head = .awaited(continuation)
                    return nil
                }
            }
            if let result { continuation.resume(with: result) }
        }
    }

    /// The next part; nil at the end.
    func next() async throws -> ByteBuffer? {
        try await withCheckedThrowingContinuation { continuation in onLoop { self.pull(continuation) } }
    }

    private func pull(_ continuation: CheckedContinuation<ByteBuffer?, any Error>) {
        let (result, held) = state.withLock { state -> (Result<ByteBuffer?, any Error>?, NIOLoopBound<UpstreamConnection>?) in
            if let part = state.takePart() { return (.success(part), state.release()) }
            if let end = state.end { return (end.map { nil }, nil) }
            state.reader = .pulls(continuation)
            return (nil, state.release())
        }
        if let result { continuation.resume(with: result) }
        held?.value.goOn()
    }

    /// All parts, each as it comes, until `take` returns false.
    func read(_ take: @escaping Take) async throws {
        try await withCheckedThrowingContinuation { continuation in onLoop { self.push(to: take, continuation) } }
    }

    private func push(to take: @escaping Take, _ continuation: CheckedContinuation<Void, any Error>) {
        while let part = state.withLock({ $0.takePart() }) {
            guard take(part) else { return continuation.resume() }
        }
        let (end, held) = state.withLock { state in
            if state.end == nil { state.reader = .takes(take, continuation) }
            return (state.end, state.release())
        }
        if let end { continuation.resume(with: end) }
        held?.value.goOn()
    }

    /// Nobody waits for it any more: the connection is closed, unless the exchange is over.
    func breakOff(_ error: TransferError) {
        onLoop {
            let connection = self.state.withLock { $0.connection }
            self.end(.failure(error))
            connection?.value.close()
        }
    }

    // MARK: what comes

    /// - Returns: false where the exchange has ended before it began.
    func begin(on connection: UpstreamConnection) -> Bool {
        state.withLock { state in
            guard state.end == nil else { return false }
            state.connection = NIOLoopBound(connection, eventLoop: loop)
            return true
        }
    }

    func take(_ head: HTTPResponseHead) {
        let waiting = state.withLock { state -> CheckedContinuation<HTTPResponseHead, any Error>? in
            state.last = .now()
            guard case .awaited(let continuation?) = state.head else {
                state.head = .here(head)
                return nil
            }
            state.head = .told
            return continuation
        }
        waiting?.resume(returning: head)
    }

    /// - Returns: false where the server is to be held up, until the connection is told to go on.
    func take(_ buffer: ByteBuffer) -> Bool {
        let (reader, isHeld) = state.withLock { state -> (Reader, Bool) in
            state.last = .now()
            let reader = state.reader
            switch reader {
            case .takes: break
            case .pulls: state.reader = .none
            case .none:
                state.parts.append(buffer)
                state.bytes += buffer.readableBytes
                state.isHeld = state.bytes > Self.maximumBytes
            }
            return (reader, state.isHeld)
        }
        switch reader {
        case .none: break
        case .pulls(let continuation): continuation.resume(returning: buffer)
        case .takes(let take, let continuation):
            // Who reads may have broken off the exchange, which resumed it.
            if !take(buffer), state.withLock({ $0.stopTaking() }) { continuation.resume() }
        }
        return !isHeld
    }

    func end(_ result: Result<Void, any Error>) {
        let before = state.withLock { state -> State in
            let before = state
            state.connection = nil
            guard state.end == nil else { return before }
            state.end = result
            state.isHeld = false
            state.reader = .none
            if case .awaited = state.head { state.head = .told }
            return before
        }
        guard before.end == nil else { return }
        if case .awaited(let continuation?) = before.head, case .failure(let error) = result { continuation.resume(throwing: error) }
        switch before.reader {
        case .none: break
        case .pulls(let continuation): continuation.resume(with: result.map { nil })
        case .takes(_, let continuation): continuation.resume(with: result)
        }
    }
}

extension UpstreamReceiver.State {
    fileprivate mutating func takePart() -> ByteBuffer? {
        guard let part = parts.popFirst() else { return nil }
        bytes -= part.readableBytes
        // Until now the server was waiting for the reader.
        if parts.isEmpty { last = .now() }
        return part
    }

    /// - Returns: whether somebody still took.
    fileprivate mutating func stopTaking() -> Bool {
        guard case .takes = reader else { return false }
        reader = .none
        return true
    }

    /// - Returns: what was held up.
    fileprivate mutating func release() -> NIOLoopBound<UpstreamConnection>? {
        guard isHeld else { return nil }
        isHeld = false
        return connection
    }
}
