import Locking
import NIOCore
import NIOHTTP1

/// One exchange with a server, whose connection is on the event loop of whoever asked: what comes there goes on from there.
final class UpstreamTransfer: Sendable {
    /// How long a server may take.
    struct Limits: Sendable {
        /// To the head of its answer.
        var head: TimeAmount
        /// Between two parts of its body.
        var silence: TimeAmount
    }
    let receiver: UpstreamReceiver
    private let limits: Limits
    private let begin = NIODeadline.now()
    private let timer = Mutex<Scheduled<Void>?>(nil)

    private init(_ receiver: UpstreamReceiver, _ limits: Limits) {
        self.receiver = receiver
        self.limits = limits
    }

    deinit {
        timer.withLock { $0 }?.cancel()
        // Nothing where it is over.
        receiver.breakOff(.cancelled)
    }

    /// - Parameter pool: that of `loop`.
    /// - Throws: `TransferError`, `.late` where the head took longer; what the connection failed with; `CancellationError`.
    static func begin(
        _ request: UpstreamRequest, by pool: NIOLoopBoundBox<ConnectionPool>, on loop: any EventLoop, limits: Limits
    ) async throws -> (HTTPResponseHead, UpstreamTransfer) {
        try Task.checkCancellation()
        let receiver = UpstreamReceiver(loop)
        receiver.onLoop { pool.value.perform(request, for: receiver) }
        let transfer = UpstreamTransfer(receiver, limits)
        transfer.watch(at: transfer.begin + limits.head, on: loop)
        return (try await transfer.cancelling { try await receiver.head() }, transfer)
    }

    /// Looks at the end of the time that is left whether something has come since: a timer for each part would cost more than the part.
    private func watch(at deadline: NIODeadline, on loop: any EventLoop) {
        let next = loop.scheduleTask(deadline: deadline) { [weak self] in
            guard let self else { return }
            let now = NIODeadline.now()
            switch receiver.progress {
            case .asked: receiver.breakOff(.late)
            case .read(let last):
                guard now >= last + limits.silence else { return watch(at: last + limits.silence, on: loop) }
                receiver.breakOff(.late)
            // Who does not read is not waited for by the server's fault.
            case .unread: watch(at: now + limits.silence, on: loop)
            case .over: break
            }
        }
        timer.withLock { $0 = next }
    }

    /// All that follows, to its end.
    func read(_ take: @escaping UpstreamReceiver.Take) async throws {
        try await cancelling { try await receiver.read(take) }
        // What was broken off; nothing where it is over.
        receiver.breakOff(.cancelled)
    }

    /// The next part; nil at the end.
    func next() async throws -> ByteBuffer? { try await cancelling { try await receiver.next() } }

    private func cancelling<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
        do {
            return try await withTaskCancellationHandler(operation: body) { receiver.breakOff(.cancelled) }
        } catch TransferError.cancelled where Task.isCancelled {
            throw CancellationError()
        }
    }
}
