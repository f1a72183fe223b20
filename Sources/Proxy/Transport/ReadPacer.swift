import NIOCore

/// Reads a server that speaks in many small pieces fifty times a second at most: what has come by then is told in one go.
///
/// Waking up, reading and writing cost many times what is done for a piece in between, and a client draws less often than that. Only an
/// answer whose pieces come faster is read so, from its ninth read on: the first words of an answer are told at once, as is all of a server
/// slower than that, and large parts are taken as they come. Between an answer and the next request all is read at once, and what comes
/// then was asked by nobody: it is an error, `TransferError.unexpected`, before a reader of HTTP keeps a part of it for the next answer.
final class ReadPacer: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Reads of an answer that are never put off.
    private static let freeReads = 8
    /// More than this in one read is no piece of a sentence.
    private static let smallRead = 8 << 10

    private let clock: ReadClock
    private var context: ChannelHandlerContext?
    /// Since the last request.
    private var reads = 0
    /// Of the read that is under way.
    private var bytes = 0
    private var last = NIODeadline.uptimeNanoseconds(0)
    private var isFast = false
    private var isPutOff = false
    private var isAtRest = false

    /// - Parameter clock: that of the channel's event loop.
    init(_ clock: ReadClock) { self.clock = clock }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if isAtRest { return context.fireErrorCaught(TransferError.unexpected) }
        bytes += unwrapInboundIn(data).readableBytes
        context.fireChannelRead(data)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        let now = context.eventLoop.now
        reads += 1
        isFast = reads > Self.freeReads && bytes <= Self.smallRead && now - last < ReadClock.period + .milliseconds(1)
        last = now
        bytes = 0
        context.fireChannelReadComplete()
    }

    func read(context: ChannelHandlerContext) {
        guard isFast, !isAtRest else { return context.read() }
        isFast = false
        isPutOff = true
        clock.wait(for: self)
    }

    /// A request, whose answer is not put off for the one before.
    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        reads = 0
        isFast = false
        isAtRest = false
        goOn()
        context.write(data, promise: promise)
    }

    /// The answer is whole.
    func rest() {
        isAtRest = true
        goOn()
    }

    fileprivate func goOn() {
        guard isPutOff else { return }
        isPutOff = false
        context?.read()
    }
}

/// When what was put off on one event loop is read: for all connections at once, so that they share a wake-up. Used on that loop alone.
final class ReadClock {
    static let period = TimeAmount.milliseconds(20)
    private let loop: any EventLoop
    private var waiting: [ReadPacer] = []

    init(_ loop: any EventLoop) { self.loop = loop }

    fileprivate func wait(for pacer: ReadPacer) {
        waiting.append(pacer)
        guard waiting.count == 1 else { return }
        let period = UInt64(Self.period.nanoseconds)
        // The next of the moments that all of them share.
        let next = NIODeadline.uptimeNanoseconds((loop.now.uptimeNanoseconds / period + 1) * period)
        loop.assumeIsolated().scheduleTask(deadline: next) { self.tick() }
    }

    private func tick() {
        let due = waiting
        waiting = []
        for pacer in due { pacer.goOn() }
    }
}
