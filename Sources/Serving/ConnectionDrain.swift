import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Keeps a drain from closing a connection on which a request is on its way.
///
/// A server that drains closes what is idle. But a connection that looks idle may have a request in its buffer or on the wire: it was
/// accepted in this moment, or its client sends the next request as soon as it has the answer. It would get a reset in place of an answer.
/// So the word to drain waits here until an answer can say `connection: close`, or until nothing has come for as long as a client that is
/// about to ask would take.
final class ConnectionDrain: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let patience: @Sendable () -> TimeAmount
    private var underWay = 0
    private var isDraining = false
    /// The word to drain was passed on: nothing waits any more.
    private var isPassed = false
    private var waiting: Scheduled<Void>?

    /// - Parameter patience: how long a client that is about to ask may take; asked when the wait begins.
    init(patience: @escaping @Sendable () -> TimeAmount) { self.patience = patience }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .head = unwrapInboundIn(data) {
            underWay += 1
            waiting?.cancel()
            waiting = nil
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(var head) where isDraining && !isPassed && head.status.kind != .informational:
            head.headerFields[.connection] = "close"
            context.write(wrapOutboundOut(.head(head)), promise: promise)
            pass(context)
            return
        case .end:
            underWay -= 1
            if isDraining, !isPassed, underWay == 0 { wait(context) }
        case .head, .body: break
        }
        context.write(data, promise: promise)
    }

    func channelInactive(context: ChannelHandlerContext) {
        waiting?.cancel()
        waiting = nil
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is ChannelShouldQuiesceEvent else { return context.fireUserInboundEventTriggered(event) }
        guard !isDraining else { return }
        isDraining = true
        if underWay == 0 { wait(context) }
    }

    private func wait(_ context: ChannelHandlerContext) {
        waiting = context.eventLoop.assumeIsolated().scheduleTask(in: patience()) { self.pass(context) }
    }

    private func pass(_ context: ChannelHandlerContext) {
        isPassed = true
        waiting?.cancel()
        waiting = nil
        context.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
    }
}
