import Glibc
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOExtras
import NIOPosix
import ServiceLifecycle

/// An HTTP/1.1 server on listeners that exist already, whoever made them.
///
/// On graceful shutdown it takes no new connection, lets requests in flight finish, and returns; the listeners of a supervisor
/// stay open in the supervisor, so that a successor goes on accepting.
///
/// A client that leaves cancels the task that answers it, whether the answer has begun or not: a responder waits and writes as if the
/// client stayed, and what it started ends by cancellation. A client that only ends its sending side has left too.
public struct HTTPService<Responder: HTTPResponder>: Service
where Responder.Context: RequestContext, Responder.Context.Source == ApplicationRequestContextSource {
    /// Bytes of a request's line and headers; clients send about two thousand.
    private static var maximumHead: Int { 64 << 10 }

    private let listeners: [CInt]
    private let responder: Responder
    private let idleTimeout: TimeAmount
    private let headTimeout: TimeAmount
    private let patience: @Sendable () -> TimeAmount
    private let logger: Logger
    private let onConnection: @Sendable (any Channel) throws -> Void
    private let onRunning: @Sendable () throws -> Void

    /// - Parameters:
    ///   - listeners: listening sockets; owned and closed by the service.
    ///   - idleTimeout: how long a connection may be silent between requests.
    ///   - headTimeout: how long the head of a request may take from its first byte on.
    ///   - patience: how long a drain waits for a request on a connection that seems idle.
    ///   - onConnection: puts what comes before HTTP, as TLS does, into the pipeline of each connection; called on its event loop.
    ///   - onRunning: called once, when all listeners accept.
    public init(
        listeners: [CInt], responder: Responder, idleTimeout: TimeAmount = .seconds(120), headTimeout: TimeAmount = .seconds(15),
        patience: @escaping @Sendable () -> TimeAmount = { .seconds(1) }, logger: Logger,
        onConnection: @escaping @Sendable (any Channel) throws -> Void = { _ in }, onRunning: @escaping @Sendable () throws -> Void = {}
    ) {
        self.listeners = listeners
        self.responder = responder
        self.idleTimeout = idleTimeout
        self.headTimeout = headTimeout
        self.patience = patience
        self.logger = logger
        self.onConnection = onConnection
        self.onRunning = onRunning
    }

    public func run() async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        // One for each listener: a helper shuts down the first that it is given, and forgets any other.
        let quiescing = listeners.map { _ in ServerQuiescingHelper(group: group) }
        let responder = responder
        let channelSetup = HTTP1Channel(
            responder: { request, writer, channel in
                let context = Responder.Context(source: .init(channel: channel, logger: logger))
                let response: Response
                do {
                    response = try await responder.respond(to: request, context: context)
                } catch {
                    response = Self.failure(error, request: request, context: context)
                }
                guard request.method != .head else { return try await writer.writeResponse(Self.withoutBody(response.head)) }
                let isWhole = response.body.contentLength != nil
                try await response.body.write(ChannelBodyWriter(channel, head: response.head, isWhole: isWhole))
            },
            configuration: .init(
                additionalChannelHandlers: [RequestHeadDeadline.Reader(), ConnectionDrain(patience: patience)], idleTimeout: idleTimeout,
                httpDecoderConfiguration: .init(maxHeaderFieldSize: Self.maximumHead, maxHeaderListSize: Self.maximumHead)))
        let headTimeout = headTimeout
        let accepted = AcceptedConnections()
        var servers: [NIOAsyncChannel<HTTP1Channel.Value, Never>] = []
        for (listener, helper) in zip(listeners, quiescing) {
            servers.append(
                try await ServerBootstrap(group: group)
                    .serverChannelInitializer { channel in
                        channel.eventLoop.makeCompletedFuture {
                            try channel.pipeline.syncOperations.addHandler(helper.makeServerChannelHandler(channel: channel))
                            try channel.pipeline.syncOperations.addHandler(
                                PatientAccept { logger.warning("no connection can be accepted for now", metadata: ["error": "\($0)"]) })
                        }
                    }
                    // Else nobody hears of a client's leaving before the next write to it.
                    .childChannelOption(.allowRemoteHalfClosure, value: false)
                    .bind(listener) { channel in
                        do {
                            try onConnection(channel)
                            try channel.pipeline.syncOperations.addHandler(RequestHeadDeadline(headTimeout))
                        } catch {
                            return channel.eventLoop.makeFailedFuture(error)
                        }
                        return channelSetup.setup(channel: channel, logger: logger).map { connection in
                            guard accepted.add(connection) else { return connection }
                            channel.close(promise: nil)
                            Task { await Self.answer(connection, channelSetup, logger) }
                            return connection
                        }
                    })
        }
        // NIO has listened anew on each, with a queue of 128.
        for listener in listeners { _ = listen(listener, ListeningSocket.backlog) }
        try onRunning()
        let running = servers
        await withGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                for server in running {
                    group.addTask { await Self.serve(server, accepted, channelSetup, logger) }
                }
            }
            await withDiscardingTaskGroup { group in
                for connection in accepted.end() {
                    // Told to drain, their requests are answered as all others.
                    if Task.isCancelled { connection.channel.close(promise: nil) }
                    group.addTask { await Self.answer(connection, channelSetup, logger) }
                }
            }
        } onGracefulShutdown: {
            for helper in quiescing { helper.initiateShutdown(promise: nil) }
        }
    }

    private static func serve(
        _ server: NIOAsyncChannel<HTTP1Channel.Value, Never>, _ accepted: AcceptedConnections, _ channelSetup: HTTP1Channel, _ logger: Logger
    ) async {
        do {
            try await server.executeThenClose { inbound in
                try await withThrowingDiscardingTaskGroup { group in
                    for try await child in inbound {
                        accepted.take(child)
                        group.addTask { await answer(child, channelSetup, logger) }
                    }
                }
            }
        } catch is CancellationError {
            // Told to end at once.
        } catch {
            logger.error("a listener ended", metadata: ["error": "\(error)"])
        }
    }

    /// The requests of one connection, for as long as it is open.
    private static func answer(_ connection: HTTP1Channel.Value, _ channelSetup: HTTP1Channel, _ logger: Logger) async {
        let answering = Task(executorPreference: EventLoopExecutor(connection.channel.eventLoop)) {
            await channelSetup.handle(value: connection, logger: logger)
        }
        connection.channel.closeFuture.whenComplete { _ in answering.cancel() }
        await withTaskCancellationHandler {
            await answering.value
        } onCancel: {
            answering.cancel()
        }
    }

    /// The answer to HEAD has no body, whatever its head says of one (RFC 9110, section 9.3.2).
    private static func withoutBody(_ head: HTTPResponse) -> HTTPResponse {
        var head = head
        // Without a length the encoder would end the body that there is not with a last chunk, which the next answer would begin with.
        if head.headerFields[.contentLength] == nil { head.headerFields[.contentLength] = "0" }
        return head
    }

    /// An error that no route answered: its own response where it has one, else 500 without its inner text.
    private static func failure(_ error: any Error, request: Request, context: Responder.Context) -> Response {
        if let error = error as? any HTTPResponseError, let response = try? error.response(from: request, context: context) { return response }
        return Response(status: .internalServerError)
    }
}
