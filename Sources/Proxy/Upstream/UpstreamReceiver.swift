import AsyncHTTPClient
import Locking
import NIOCore
import NIOHTTP1

/// Who hears of an exchange with a server, on its event loop.
///
/// The client tells of an error at once, whatever it still holds, and forgets that; so parts that nobody reads yet are kept here, up to a
/// bound, and read before the error is told. Each wait ends: with what comes, or with the error that the client tells of each exchange that
/// does not end well.
final class UpstreamReceiver: HTTPClientResponseDelegate {
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
        /// Nobody reads any more.
        var isLetGo = false
        /// Not read yet.
        var parts = CircularBuffer<ByteBuffer>()
        var bytes = 0
        /// What holds the server up.
        var held: EventLoopPromise<Void>?
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
    var isHeld: Bool { state.withLock { $0.held != nil } }

    private func onLoop(_ work: @escaping @Sendable () -> Void) { if loop.inEventLoop { work() } else { loop.execute(work) } }

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
        let (result, held) = state.withLock { state -> (Result<ByteBuffer?, any Error>?, EventLoopPromise<Void>?) in
            if let part = state.takePart() { return (.success(part), state.release()) }
            if let end = state.end { return (end.map { nil }, nil) }
            state.reader = .pulls(continuation)
            return (nil, state.release())
        }
        if let result { continuation.resume(with: result) }
        held?.succeed()
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
        held?.succeed()
    }

    /// Nobody reads any more. What holds the server up would hold up the client's end of the exchange, too, which waits for it.
    func letGo() {
        onLoop {
            let held = self.state.withLock { state -> EventLoopPromise<Void>? in
                state.isLetGo = true
                state.parts.removeAll()
                state.bytes = 0
                return state.release()
            }
            held?.succeed()
        }
    }

    // MARK: what comes

    func didReceiveHead(task: HTTPClient.Task<Void>, _ head: HTTPResponseHead) -> EventLoopFuture<Void> {
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
        return loop.makeSucceededVoidFuture()
    }

    func didReceiveBodyPart(task: HTTPClient.Task<Void>, _ buffer: ByteBuffer) -> EventLoopFuture<Void> {
        let (reader, held) = state.withLock { state -> (Reader, EventLoopPromise<Void>?) in
            state.last = .now()
            let reader = state.reader
            switch reader {
            case .takes: return (reader, nil)
            case .pulls: state.reader = .none
            case .none where state.isLetGo: break
            case .none:
                state.parts.append(buffer)
                state.bytes += buffer.readableBytes
                if state.bytes > Self.maximumBytes { state.held = loop.makePromise() }
            }
            return (reader, state.held)
        }
        switch reader {
        case .none: break
        case .pulls(let continuation): continuation.resume(returning: buffer)
        case .takes(let take, let continuation):
            if !take(buffer) {
                state.withLock { $0.reader = .none }
                continuation.resume()
            }
        }
        return held?.futureResult ?? loop.makeSucceededVoidFuture()
    }

    func didFinishRequest(task: HTTPClient.Task<Void>) { end(.success(())) }

    func didReceiveError(task: HTTPClient.Task<Void>, _ error: any Error) { end(.failure(error)) }

    func end(_ result: Result<Void, any Error>) {
        let (before, held) = state.withLock { state -> (State, EventLoopPromise<Void>?) in
            let before = state
            guard state.end == nil else { return (before, nil) }
            state.end = result
            state.reader = .none
            if case .awaited = state.head { state.head = .told }
            return (before, state.release())
        }
        held?.succeed()
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

    fileprivate mutating func release() -> EventLoopPromise<Void>? {
        defer { held = nil }
        return held
    }
}
