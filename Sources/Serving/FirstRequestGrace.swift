import NIOCore

/// Keeps a drain from closing a connection whose first request is on its way.
///
/// A server that drains closes what is idle, and a connection that was accepted in that moment looks idle: its client has sent what the
/// server has not read yet, and would get a reset for an answer. So the word to drain waits here until the first bytes have been
/// passed on, or for as long as a client may take to send them.
final class FirstRequestGrace: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private static let patience = TimeAmount.seconds(1)

    private var hasRead = false
    private var waiting: Scheduled<Void>?

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        hasRead = true
        context.fireChannelRead(data)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        if hasRead { drain(context) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        waiting?.cancel()
        waiting = nil
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is ChannelShouldQuiesceEvent, !hasRead else { return context.fireUserInboundEventTriggered(event) }
        guard waiting == nil else { return }
        waiting = context.eventLoop.assumeIsolated().scheduleTask(in: Self.patience) { self.drain(context) }
    }

    private func drain(_ context: ChannelHandlerContext) {
        guard let scheduled = waiting else { return }
        waiting = nil
        scheduled.cancel()
        context.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
    }
}
