import NIOCore

/// For a server's channel: a connection that cannot be accepted, for want of descriptors or memory, stays in the queue, and is taken a
/// little later.
///
/// Until then the listener is not looked at: it is readable all the time, and NIO's own pause (`AcceptBackoffHandler`) puts off the next
/// request to read, while the one that failed still stands, so that the event loop would turn without end. Answers that are under way
/// would share a processor with that.
public final class PatientAccept: ChannelInboundHandler {
    public typealias InboundIn = any Channel

    private static let pause = TimeAmount.milliseconds(100)
    private static let quiet = TimeAmount.seconds(10)

    private let onTrouble: @Sendable (IOError) -> Void
    private var quietUntil = NIODeadline.uptimeNanoseconds(0)

    /// - Parameter onTrouble: told at most every ten seconds.
    public init(onTrouble: @escaping @Sendable (IOError) -> Void = { _ in }) { self.onTrouble = onTrouble }

    public func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? IOError else { return context.fireErrorCaught(error) }
        if NIODeadline.now() >= quietUntil {
            quietUntil = .now() + Self.quiet
            onTrouble(error)
        }
        let channel = context.channel
        channel.setOption(.autoRead, value: false).whenSuccess {
            channel.eventLoop.scheduleTask(in: Self.pause) { channel.setOption(.autoRead, value: true) }
        }
    }
}
