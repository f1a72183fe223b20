import NIOCore
import NIOHTTP1

/// Joins the parts of a body that one read has brought: a server that streams sends each of its words in a chunk of its own, and what is
/// done for a part, between the reading of HTTP and whoever reads the answer, costs as much as what is done for the word.
final class PartJoiner: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias InboundOut = HTTPClientResponsePart

    private var joined: ByteBuffer?
    private var parts = 0

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .body(var part) = unwrapInboundIn(data) else {
            flush(context)
            return context.fireChannelRead(data)
        }
        parts += 1
        guard var all = joined else {
            joined = part
            return
        }
        // Nobody else holds it while it grows.
        joined = nil
        if parts == 2 {
            var copy = context.channel.allocator.buffer(capacity: max(2048, 8 * (all.readableBytes + part.readableBytes)))
            copy.writeBuffer(&all)
            all = copy
        }
        all.writeBuffer(&part)
        joined = all
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        flush(context)
        context.fireChannelReadComplete()
    }

    // What came before it ended is told before its end.

    func channelInactive(context: ChannelHandlerContext) {
        flush(context)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        flush(context)
        context.fireErrorCaught(error)
    }

    private func flush(_ context: ChannelHandlerContext) {
        guard let all = joined else { return }
        joined = nil
        parts = 0
        context.fireChannelRead(wrapInboundOut(.body(all)))
    }
}
