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
