import AsyncHTTPClient
import Locking
import NIOCore
import NIOHTTP1

/// One exchange with a server, whose connection is on the event loop of whoever asked: what comes there goes on from there.
final class UpstreamTransfer: Sendable {
    private let receiver: UpstreamReceiver
    private let task: HTTPClient.Task<Void>

    private init(_ receiver: UpstreamReceiver, _ task: HTTPClient.Task<Void>) {
        self.receiver = receiver
        self.task = task
    }

    /// Nothing where it is over.
    deinit { task.cancel() }

    /// - Parameters:
    ///   - loop: the one that the client is made for.
    ///   - headTimeout: how long the head may take; the body's silence is bounded by the client's own read timeout.
    /// - Throws: `HTTPClientError.deadlineExceeded` where the head took longer, `.cancelled` where the task was cancelled.
    static func begin(
        _ request: HTTPClient.Request, by client: HTTPClient, on loop: any EventLoop, headTimeout: TimeAmount
    ) async throws -> (HTTPResponseHead, UpstreamTransfer) {
        let receiver = UpstreamReceiver(loop)
        try Task.checkCancellation()
        let task = client.execute(request: request, delegate: receiver, eventLoop: .delegate(on: loop))
        let transfer = UpstreamTransfer(receiver, task)
        let late = loop.scheduleTask(in: headTimeout) { task.fail(reason: HTTPClientError.deadlineExceeded) }
        defer { late.cancel() }
        return (try await transfer.cancelling { try await receiver.head() }, transfer)
    }

    /// All that follows, to its end.
    func read(_ take: @escaping @Sendable (ByteBuffer) -> Bool) async throws {
        try await cancelling { try await receiver.read(take) }
        // What was broken off; nothing where it is over.
        task.cancel()
    }

    /// The next part; nil at the end.
    func next() async throws -> ByteBuffer? { try await cancelling { try await receiver.next() } }

    private func cancelling<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
        try await withTaskCancellationHandler(operation: body) { task.cancel() }
    }
}

/// Who hears of an exchange. A part that nobody reads yet holds back what follows it.
///
/// asked → paused (the head is there) → reading, or pulled ⇄ paused → ended or failed. Each wait ends: with what comes, or with the error
/// that the client tells of each exchange that does not end well.
final class UpstreamReceiver: HTTPClientResponseDelegate {
    private enum State {
        case asked(CheckedContinuation<HTTPResponseHead, any Error>?)
        case answered(HTTPResponseHead, EventLoopPromise<Void>)
        case paused(EventLoopPromise<Void>)
        case pulled(CheckedContinuation<ByteBuffer?, any Error>)
        case reading(@Sendable (ByteBuffer) -> Bool, CheckedContinuation<Void, any Error>)
        case ended
        case failed(any Error)
    }
    private let state = Mutex(State.asked(nil))
    private let loop: any EventLoop

    init(_ loop: any EventLoop) { self.loop = loop }

    // MARK: who reads

    func head() async throws -> HTTPResponseHead {
        try await withCheckedThrowingContinuation { continuation in
            let result = state.withLock { state -> Result<HTTPResponseHead, any Error>? in
                switch state {
                case .answered(let head, let promise):
                    state = .paused(promise)
                    return .success(head)
                case .failed(let error): return .failure(error)
                default:
                    state = .asked(continuation)
                    return nil
                }
            }
            if let result { continuation.resume(with: result) }
        }
    }

    func next() async throws -> ByteBuffer? {
        try await withCheckedThrowingContinuation { continuation in
            begin(.pulled(continuation)) { continuation.resume(with: $0.map { nil }) }
        }
    }

    func read(_ take: @escaping @Sendable (ByteBuffer) -> Bool) async throws {
        try await withCheckedThrowingContinuation { continuation in
            begin(.reading(take, continuation)) { continuation.resume(with: $0) }
        }
    }

    /// - Parameter over: called where nothing comes any more.
    private func begin(_ next: State, _ over: (Result<Void, any Error>) -> Void) {
        let (result, promise) = state.withLock { state -> (Result<Void, any Error>?, EventLoopPromise<Void>?) in
            switch state {
            case .paused(let promise):
                state = next
                return (nil, promise)
            case .failed(let error): return (.failure(error), nil)
            // One body has one reader.
            case .ended, .asked, .answered, .pulled, .reading: return (.success(()), nil)
            }
        }
        promise?.succeed(())
        if let result { over(result) }
    }

    // MARK: what comes

    func didReceiveHead(task: HTTPClient.Task<Void>, _ head: HTTPResponseHead) -> EventLoopFuture<Void> {
        let promise = loop.makePromise(of: Void.self)
        let waiting = state.withLock { state -> CheckedContinuation<HTTPResponseHead, any Error>? in
            guard case .asked(let continuation?) = state else {
                state = .answered(head, promise)
                return nil
            }
            state = .paused(promise)
            return continuation
        }
        waiting?.resume(returning: head)
        return promise.futureResult
    }

    func didReceiveBodyPart(task: HTTPClient.Task<Void>, _ buffer: ByteBuffer) -> EventLoopFuture<Void> {
        let current = state.withLock { $0 }
        switch current {
        case .reading(let take, let continuation):
            if !take(buffer) {
                state.withLock { $0 = .ended }
                continuation.resume()
            }
            return loop.makeSucceededVoidFuture()
        case .pulled(let continuation):
            let promise = loop.makePromise(of: Void.self)
            state.withLock { $0 = .paused(promise) }
            continuation.resume(returning: buffer)
            return promise.futureResult
        case .asked, .answered, .paused, .ended, .failed:
            // It was broken off.
            return loop.makeSucceededVoidFuture()
        }
    }

    func didFinishRequest(task: HTTPClient.Task<Void>) { end(.success(())) }

    func didReceiveError(task: HTTPClient.Task<Void>, _ error: any Error) { end(.failure(error)) }

    private func end(_ result: Result<Void, any Error>) {
        let last = state.withLock { state -> State in
            defer {
                switch (state, result) {
                case (.ended, _), (.failed, _): break
                case (_, .success): state = .ended
                case (_, .failure(let error)): state = .failed(error)
                }
            }
            return state
        }
        switch last {
        case .asked(let continuation?):
            if case .failure(let error) = result { continuation.resume(throwing: error) }
        case .answered(_, let promise), .paused(let promise): promise.completeWith(result)
        case .pulled(let continuation): continuation.resume(with: result.map { nil })
        case .reading(_, let continuation): continuation.resume(with: result)
        case .asked(nil), .ended, .failed: break
        }
    }
}
