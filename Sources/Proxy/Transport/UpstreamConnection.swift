import NIOCore
import NIOHTTP1
import NIOTLS

/// A connection to a server, behind HTTP's encoder and decoder: one exchange at a time, and again, for as long as both sides keep it.
///
/// Invariants: a request is begun on an idle connection alone; an exchange ends once, for whoever hears of it, before or when the connection
/// is given back or closed; what came before an end is told before it. Used on its event loop alone.
final class UpstreamConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    /// Of the exchange that is under way.
    private struct Exchange {
        let receiver: UpstreamReceiver
        var isWritten = false
        /// The server has told the answer's head: that it keeps the connection, or not.
        var keepsAlive: Bool?
    }
    private enum Readiness {
        case awaited(((Result<Void, any Error>) -> Void)?)
        case known(Result<Void, any Error>)
    }
    let origin: UpstreamAddress.Origin
    /// Since when it is idle.
    var idleSince = NIODeadline.uptimeNanoseconds(0)
    private let pool: ConnectionPool
    private let pacer: ReadPacer
    private let wire: TLSWire?
    private var readiness = Readiness.awaited(nil)
    private var context: ChannelHandlerContext?
    private var exchange: Exchange?
    private var parts = PartJoiner()
    /// What is written of a request is looked at meanwhile.
    private var isAsking = false
    /// The reader has enough for now.
    private var isHeld = false

    /// - Parameters pacer, wire: those of the same channel.
    init(_ origin: UpstreamAddress.Origin, _ pool: ConnectionPool, _ pacer: ReadPacer, _ wire: TLSWire?) {
        self.origin = origin
        self.pool = pool
        self.pacer = pacer
        self.wire = wire
    }

    var isActive: Bool { context?.channel.isActive ?? false }
    var closed: EventLoopFuture<Void>? { context?.channel.closeFuture }

    // MARK: its beginning

    /// Called once: when it can be asked, with TLS when that is agreed upon, or never can.
    func whenReady(_ then: @escaping (Result<Void, any Error>) -> Void) {
        guard case .known(let result) = readiness else { return readiness = .awaited(then) }
        then(result)
    }

    private func settle(_ result: Result<Void, any Error>) {
        guard case .awaited(let then) = readiness else { return }
        readiness = .known(result)
        then?(result)
    }

    private func becomeReady(_ context: ChannelHandlerContext) {
        do {
            // From here on it is read as fast as its answers are.
            try context.channel.syncOptions?.setOption(.autoRead, value: false)
            context.read()
            settle(.success(()))
        } catch {
            settle(.failure(error))
        }
    }

    // MARK: what is asked

    func begin(_ request: UpstreamRequest, for receiver: UpstreamReceiver) {
        guard let context, exchange == nil else { return receiver.end(.failure(TransferError.closed)) }
        guard receiver.begin(on: self) else { return pool.take(back: self) }
        exchange = Exchange(receiver: receiver)
        isAsking = true
        defer { isAsking = false }
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { self.wrote($0, receiver) }
        context.write(wrapOutboundOut(.head(request.head)), promise: nil)
        if let body = request.body { context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil) }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: written)
    }

    private func wrote(_ result: Result<Void, any Error>, _ receiver: UpstreamReceiver) {
        guard exchange?.receiver === receiver else { return }
        switch result {
        case .success: exchange?.isWritten = true
        // A server may answer before it has read all; whether that answer is whole is seen by its own end.
        case .failure(let error): if exchange?.keepsAlive == nil { fail(error) }
        }
    }

    /// The reader wants more.
    func goOn() {
        guard isHeld else { return }
        isHeld = false
        context?.read()
    }

    /// Ends what is under way, of which nobody is told any more.
    func close() {
        exchange = nil
        context?.close(promise: nil)
        wire?.cut()
    }

    func fail(_ error: any Error) {
        tellParts()
        let receiver = exchange?.receiver
        settle(.failure(error))
        close()
        receiver?.end(.failure(error))
    }

    // MARK: what comes

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) {
        if !origin.isSecure { becomeReady(context) }
        context.fireChannelActive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent { becomeReady(context) }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            guard let receiver = exchange?.receiver, head.status != .switchingProtocols else { return fail(TransferError.unexpected) }
            exchange?.keepsAlive = head.isKeepAlive
            receiver.take(head)
        case .body(let part): parts.add(part)
        case .end: finish(context)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        tellParts()
        if !isHeld { context.read() }
    }

    private func tellParts() {
        guard let part = parts.take(), let receiver = exchange?.receiver else { return }
        if !receiver.take(part) { isHeld = true }
    }

    private func finish(_ context: ChannelHandlerContext) {
        tellParts()
        guard let over = exchange else { return }
        exchange = nil
        isHeld = false
        // Before anybody is told, who may have the next request for it. What was answered before it was asked may be half sent.
        if over.isWritten, over.keepsAlive == true, context.channel.isActive {
            pacer.rest()
            pool.take(back: self)
        } else {
            close()
        }
        over.receiver.end(.success(()))
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(TransferError.closed)
        pool.forget(self)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if isAsking, case HTTPParserError.invalidHeaderToken = error { return fail(TransferError.unsayable) }
        fail(error)
    }
}
