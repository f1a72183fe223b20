import NIOCore
import NIOHTTPTypes

/// Ends a connection whose request does not come to the end of its head: a client that sends a byte now and then would hold it for ever.
///
/// In two places of the pipeline: before HTTP is read, where the first byte shows, and behind it, where the head does.
final class RequestHeadDeadline: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private enum State {
        case idle
        case head(until: NIODeadline)
        case body
    }
    private let limit: TimeAmount
    private var state = State.idle
    /// Looks at its end whether a head is still under way: one for each request would cost more than the request's head.
    private var timer: Scheduled<Void>?

    /// - Parameter limit: from the first byte of a request to the end of its head.
    init(_ limit: TimeAmount) { self.limit = limit }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .idle = state {
            let deadline = context.eventLoop.now + limit
            state = .head(until: deadline)
            if timer == nil { watch(until: deadline, context) }
        }
        context.fireChannelRead(data)
    }

    private func watch(until deadline: NIODeadline, _ context: ChannelHandlerContext) {
        timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
            self.timer = nil
            guard case .head(let deadline) = self.state else { return }
            if context.eventLoop.now >= deadline { context.close(promise: nil) } else { self.watch(until: deadline, context) }
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        stop()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { stop() }

    private func stop() {
        state = .body
        timer?.cancel()
        timer = nil
    }

    /// Behind the reading of HTTP.
    final class Reader: ChannelInboundHandler, RemovableChannelHandler {
        typealias InboundIn = HTTPRequestPart
        typealias InboundOut = HTTPRequestPart
        private var deadline: RequestHeadDeadline?

        func handlerAdded(context: ChannelHandlerContext) {
            deadline = try? context.pipeline.syncOperations.handler(type: RequestHeadDeadline.self)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head: deadline?.state = .body
            case .end: deadline?.state = .idle
            case .body: break
            }
            context.fireChannelRead(data)
        }
    }
}
