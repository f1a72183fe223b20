import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// The connections of one event loop to all servers; used on that loop alone.
///
/// There are as many as there are exchanges at once, which the proxy's gate bounds, and those that were used in the last seconds.
final class ConnectionPool {
    /// Less than the 5 s of uvicorn, whose servers never say when they close: a request on a connection that closes is lost.
    private static let idleTime = TimeAmount.seconds(4)
    /// Of a connection, with TLS.
    private static let patience = TimeAmount.seconds(10)
    private let loop: any EventLoop
    private let clock: ReadClock
    /// The last used last.
    private var idle: [UpstreamAddress.Origin: [UpstreamConnection]] = [:]
    private var open: [ObjectIdentifier: UpstreamConnection] = [:]
    /// Those for whom a connection is being made.
    private var waiting: [ObjectIdentifier: UpstreamReceiver] = [:]
    private var sweeping: Scheduled<Void>?
    private var isShutDown = false

    init(_ loop: any EventLoop) {
        self.loop = loop
        clock = ReadClock(loop)
    }

    /// `receiver` hears of the answer, or of why there is none.
    func perform(_ request: UpstreamRequest, for receiver: UpstreamReceiver) {
        guard !isShutDown else { return receiver.end(.failure(TransferError.notConnected(TransferError.shutDown))) }
        if let connection = idleConnection(request.address.origin) { return connection.begin(request, for: receiver) }
        waiting[ObjectIdentifier(receiver)] = receiver
        connect(request) { result in
            self.waiting[ObjectIdentifier(receiver)] = nil
            switch result {
            case .success(let connection): connection.begin(request, for: receiver)
            case .failure(let error): receiver.end(.failure(TransferError.notConnected(error)))
            }
        }
    }

    /// Closes all; returns when all are closed.
    func shutDown() -> EventLoopFuture<Void> {
        isShutDown = true
        sweeping?.cancel()
        let connections = Array(open.values)
        let closing = connections.compactMap(\.closed)
        for connection in connections { connection.fail(TransferError.shutDown) }
        for receiver in waiting.values { receiver.end(.failure(TransferError.notConnected(TransferError.shutDown))) }
        waiting = [:]
        return EventLoopFuture.andAllComplete(closing, on: loop)
    }

    // MARK: those that are idle

    private func idleConnection(_ origin: UpstreamAddress.Origin) -> UpstreamConnection? {
        while let connection = idle[origin]?.popLast() {
            if connection.isActive, loop.now - connection.idleSince < Self.idleTime { return connection }
            connection.close()
        }
        return nil
    }

    func take(back connection: UpstreamConnection) {
        guard !isShutDown else { return connection.close() }
        connection.idleSince = loop.now
        idle[connection.origin, default: []].append(connection)
        if sweeping == nil { sweep(at: connection.idleSince + Self.idleTime) }
    }

    func forget(_ connection: UpstreamConnection) {
        open[ObjectIdentifier(connection)] = nil
        idle[connection.origin]?.removeAll { $0 === connection }
        if idle[connection.origin]?.isEmpty == true { idle[connection.origin] = nil }
    }

    /// One timer for all: where they are used it would be set and unset for each request.
    private func sweep(at time: NIODeadline) {
        sweeping = loop.assumeIsolated().scheduleTask(deadline: time) {
            self.sweeping = nil
            let due = self.loop.now - Self.idleTime
            for connection in self.idle.values.joined().filter({ $0.idleSince <= due }) { connection.close() }
            let next = self.idle.values.joined().lazy.filter { $0.idleSince > due }.map(\.idleSince).min()
            if let next { self.sweep(at: next + Self.idleTime) }
        }
    }

    // MARK: new ones

    private func connect(_ request: UpstreamRequest, _ then: @escaping (Result<UpstreamConnection, any Error>) -> Void) {
        let origin = request.address.origin
        let own = NIOLoopBound(self, eventLoop: loop)
        // A name may have several addresses, each of which is tried on a channel of its own.
        let bootstrap = ClientBootstrap(group: loop).connectTimeout(Self.patience).channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture { try own.value.prepare(channel.pipeline.syncOperations, request) }
        }
        let connecting =
            switch origin.place {
            case .tcp(let host, let port): bootstrap.connect(host: host, port: port)
            case .unix(let path): bootstrap.connect(unixDomainSocketPath: path)
            }
        connecting.assumeIsolated().whenComplete { result in
            do {
                self.await(try result.get().pipeline.syncOperations.handler(type: UpstreamConnection.self), then)
            } catch {
                then(.failure(error))
            }
        }
    }

    private func await(_ connection: UpstreamConnection, _ then: @escaping (Result<UpstreamConnection, any Error>) -> Void) {
        if isShutDown { return connection.close() }
        if connection.isActive { open[ObjectIdentifier(connection)] = connection }
        // A server that takes a connection and says nothing.
        let late = loop.assumeIsolated().scheduleTask(in: Self.patience) {
            connection.fail(ChannelError.connectTimeout(Self.patience))
        }
        connection.whenReady { result in
            late.cancel()
            then(result.map { connection })
        }
    }

    /// What a connection for `request` consists of.
    func prepare(_ pipeline: ChannelPipeline.SynchronousOperations, _ request: UpstreamRequest) throws {
        let pacer = ReadPacer(clock)
        let wire = request.tls.map { _ in TLSWire() }
        if let wire, let tls = request.tls {
            try pipeline.addHandler(wire)
            try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: request.address.origin.name))
        }
        try pipeline.addHandler(pacer)
        var encoding = HTTPRequestEncoder.Configuration()
        // A request says itself how long it is; by method the encoder would leave that out, and write the body.
        encoding.automaticallySetFramingHeaders = false
        try pipeline.addHTTPClientHandlers(leftOverBytesStrategy: .dropBytes, encoderConfiguration: encoding)
        try pipeline.addHandler(UpstreamConnection(request.address.origin, self, pacer, wire))
    }
}

extension UpstreamAddress.Origin {
    /// What a certificate is to name; nil where that is the address.
    fileprivate var name: String? {
        guard case .tcp(let host, _) = place, (try? SocketAddress(ipAddress: host, port: 0)) == nil else { return nil }
        return host
    }
}
