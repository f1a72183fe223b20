import NIOCore

/// Sends what is written within one turn of the event loop together: the client writes a request's head and its body apart, and each write
/// is a system call here and a wake-up at the server.
final class TurnFlush: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    private var isScheduled = false

    func flush(context: ChannelHandlerContext) {
        guard !isScheduled else { return }
        isScheduled = true
        context.eventLoop.assumeIsolated().execute {
            self.isScheduled = false
            context.flush()
        }
    }

    /// What was to be sent before goes out before.
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        if isScheduled { context.flush() }
        context.close(mode: mode, promise: promise)
    }
}
