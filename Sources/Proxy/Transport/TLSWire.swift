import NIOCore

/// A secure connection below its TLS, which would wait for the server's farewell before it ends: a server that is still writing an answer that
/// nobody wants any more says none for seconds, and goes on.
final class TLSWire: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer

    private var context: ChannelHandlerContext?

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    /// Ends the connection; what was written before, TLS's own farewell say, is sent.
    func cut() { context?.close(promise: nil) }
}
