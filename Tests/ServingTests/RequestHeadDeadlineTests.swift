import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing

@testable import Serving

@Suite struct RequestHeadDeadlineTests {
    /// `h` ends a head, `e` a request; all else is in between.
    private final class Words: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias InboundOut = HTTPRequestPart
        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch String(buffer: unwrapInboundIn(data)) {
            case "h":
                let head = HTTPRequest(method: .get, scheme: "http", authority: "a", path: "/")
                context.fireChannelRead(wrapInboundOut(.head(head)))
            case "e": context.fireChannelRead(wrapInboundOut(.end(nil)))
            default: break
            }
        }
    }
    private let loop = EmbeddedEventLoop()
    private let channel: EmbeddedChannel

    init() throws {
        channel = EmbeddedChannel(loop: loop)
        try channel.pipeline.syncOperations.addHandlers([RequestHeadDeadline(.seconds(15)), Words(), RequestHeadDeadline.Reader()])
        try channel.connect(to: SocketAddress(unixDomainSocketPath: "/none")).wait()
    }

    private func come(_ words: String..., after seconds: Int64 = 0) throws {
        loop.advanceTime(by: .seconds(seconds))
        for word in words where channel.isActive { try channel.writeInbound(ByteBuffer(string: word)) }
    }

    @Test func aHeadThatDoesNotEndEndsItsConnection() throws {
        try come(".")
        try come(".", after: 14)
        #expect(channel.isActive)
        try come(after: 1)
        #expect(!channel.isActive)
    }

    @Test func aBodyAndAPauseMayTakeLonger() throws {
        try come(".", "h")
        try come(".", after: 60)
        try come("e")
        try come(after: 60)
        #expect(channel.isActive)
    }

    /// Its own time counts for each request of a connection.
    @Test func eachHeadHasItsTime() throws {
        for _ in 0..<10 {
            try come(".", after: 6)
            try come("h", "e", after: 6)
        }
        #expect(channel.isActive)
        try come(".")
        try come(after: 14)
        #expect(channel.isActive)
        try come(after: 1)
        #expect(!channel.isActive)
    }

    @Test func nothingIsLeftWhereAConnectionEnds() throws {
        try come(".")
        channel.pipeline.fireChannelInactive()
        // A timer that is left would close it.
        loop.advanceTime(by: .seconds(60))
        #expect(channel.isActive)
    }
}
