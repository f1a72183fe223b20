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
        case head(Scheduled<Void>)
        case body
    }
    private let limit: TimeAmount
    private var state = State.idle

    /// - Parameter limit: from the first byte of a request to the end of its head.
    init(_ limit: TimeAmount) { self.limit = limit }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .idle = state {
            state = .head(context.eventLoop.assumeIsolated().scheduleTask(in: limit) { context.close(promise: nil) })
        }
        context.fireChannelRead(data)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { end() }

    private func end() {
        if case .head(let timer) = state { timer.cancel() }
        state = .body
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
            case .head: deadline?.end()
            case .end: deadline?.state = .idle
            case .body: break
            }
            context.fireChannelRead(data)
        }
    }
}
