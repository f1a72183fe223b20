import Control
import Glibc
import Host
import NIOCore
import NIOHTTP1
import NIOPosix
import Serving

/// The control API on its Unix socket: HTTP on a thread of NIO's; who answers may live on another.
///
/// Only the supervisor's user and root are served: the socket is 0600, and the peer's credentials are asked for.
final class ControlServer {
    /// Who answers. Called on NIO's thread.
    struct Requests: Sendable {
        var serve: @Sendable (_ route: ControlRoute, _ user: uid_t, _ reply: ControlReply) -> Void
        /// The client of a reply has gone.
        var left: @Sendable (_ reply: ControlReply) -> Void
    }

    private let group: MultiThreadedEventLoopGroup
    private let channel: any Channel
    let path: String

    /// A plan with all its provenance is far smaller.
    static let maximumBody = 64 << 20

    init(path: String, requests: Requests) throws(OperationError) {
        self.path = path
        let listener = try Sockets.listenUnix(path)
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        do {
            channel = try ServerBootstrap(group: group)
                .serverChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(PatientAccept()) }
                }
                .childChannelInitializer { channel in
                    Self.peer(of: channel).flatMapThrowing { uid in
                        guard uid == geteuid() || uid == 0 else { throw ForeignUser(uid: uid) }
                        try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
                        try channel.pipeline.syncOperations.addHandler(ControlConnection(requests, user: uid))
                    }
                }
                .childChannelOption(.writeBufferWaterMark, value: .init(low: 64 << 10, high: 4 << 20))
                .withBoundSocket(listener).wait()
        } catch {
            throw OperationError("cannot serve \(path): \(error)", exitCode: 74)
        }
    }

    /// Takes no new connection, and gives answers that were begun the time to leave.
    func close() {
        unlink(path)
        do {
            try channel.close().wait()
            // What was written before runs before this; the kernel delivers it after the process has ended too.
            try group.next().submit {}.wait()
        } catch {
            // The process ends: what could not be closed in order is closed by that.
        }
    }

    private struct ForeignUser: Error { var uid: uid_t }

    /// `struct ucred` of unix(7).
    private struct Credentials: Sendable {
        var pid: Int32 = 0
        var uid = uid_t.max
        var gid = gid_t.max
    }

    private static func peer(of channel: any Channel) -> EventLoopFuture<uid_t> {
        guard let provider = channel as? any SocketOptionProvider else { return channel.eventLoop.makeSucceededFuture(uid_t.max) }
        let asked: EventLoopFuture<Credentials> = provider.unsafeGetSocketOption(level: .socket, name: .init(rawValue: SO_PEERCRED))
        return asked.map(\.uid)
    }
}

/// One connection: collects a request, hands it over, and says when the client has gone.
private final class ControlConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart

    private let requests: ControlServer.Requests
    private let user: uid_t
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []
    private var isTooLarge = false
    private var reply: ControlReply?

    init(_ requests: ControlServer.Requests, user: uid_t) {
        self.requests = requests
        self.user = user
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let received):
            head = received
            body = []
            isTooLarge = false
        case .body(let buffer):
            isTooLarge = isTooLarge || body.count + buffer.readableBytes > ControlServer.maximumBody
            if !isTooLarge { body += buffer.readableBytesView }
        case .end: handOver(context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if let reply { requests.left(reply) }
        reply = nil
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func handOver(_ context: ChannelHandlerContext) {
        guard let head else { return }
        let answer = ControlReply(channel: context.channel, keepAlive: head.isKeepAlive)
        reply = answer
        guard !isTooLarge else {
            return answer.fail(413, ControlError(message: "the body is larger than \(ControlServer.maximumBody) bytes", exitCode: 64))
        }
        do throws(ControlRoute.Rejection) {
            let route = try ControlRoute.parse(method: head.method.rawValue, target: head.uri, body: body)
            requests.serve(route, user, answer)
        } catch {
            answer.fail(error.status, error.error)
        }
        body = []
    }
}
