import Hummingbird
import Locking
import Logging
import NIOCore
import NIOEmbedded
import NIOExtras
import Testing

@testable import Serving

/// On a loop whose clock is the test's.
@Suite struct FirstRequestGraceTests {
    @Test func theWordToDrainWaitsForTheFirstBytes() throws {
        let (channel, passed) = try Self.connection()
        channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(500))
        #expect(passed.seen == [], "a server that drains closes what looks idle")
        try channel.writeInbound(ByteBuffer(string: "GET / HT"))
        #expect(passed.seen == ["bytes", "drain"])
        channel.embeddedEventLoop.advanceTime(by: .seconds(10))
        #expect(passed.seen == ["bytes", "drain"], "once")
        _ = try channel.finish()
    }

    @Test func aSilentConnectionDrainsAfterAWhile() throws {
        let (channel, passed) = try Self.connection()
        // Asked twice, it has one word to pass on.
        for _ in 0..<2 { channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(999))
        #expect(passed.seen == [])
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(passed.seen == ["drain"])
        try channel.writeInbound(ByteBuffer(string: "GET"))
        #expect(passed.seen == ["drain", "bytes"])
        _ = try channel.finish()
    }

    @Test func aConnectionThatWasServedDrainsAtOnce() throws {
        let (channel, passed) = try Self.connection()
        try channel.writeInbound(ByteBuffer(string: "GET / HTTP/1.1\r\n\r\n"))
        channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        #expect(passed.seen == ["bytes", "drain"])
        _ = try channel.finish()
    }

    @Test func otherWordsDoNotWait() throws {
        let (channel, passed) = try Self.connection()
        channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        #expect(passed.seen == ["other"])
        _ = try channel.finish()
    }

    @Test func aConnectionThatEndsHasNothingToDrain() throws {
        let (channel, passed) = try Self.connection()
        channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        _ = try channel.finish()
        channel.embeddedEventLoop.advanceTime(by: .seconds(10))
        #expect(passed.seen == [])
    }

    /// A real server puts it before all that would close an idle connection.
    @Test func everyConnectionOfAServiceHasIt() async throws {
        let (listener, port) = try ListeningSocket.bind(host: "127.0.0.1", port: 0)
        var logger = Logger(label: "test")
        logger.logLevel = .error
        let (found, report) = AsyncStream<Bool>.makeStream()
        let service = HTTPService(
            listeners: [listener], responder: CallbackResponder { (_: Request, _: BasicRequestContext) in Response(status: .ok) }, logger: logger,
            onConnection: { channel in
                // When the pipeline is complete.
                channel.eventLoop.execute {
                    report.yield((try? channel.pipeline.syncOperations.handler(type: FirstRequestGrace.self)) != nil)
                }
            })
        let running = Task { try await service.run() }
        let client = try LoopbackConnection(port: port)
        #expect(await found.first { _ in true } == true)
        withExtendedLifetime(client) {}
        running.cancel()
        _ = await running.result
    }

    private static func connection() throws -> (EmbeddedChannel, Passed) {
        let passed = Passed()
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandlers([FirstRequestGrace(), passed])
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        return (channel, passed)
    }
}

/// What comes behind the grace, in its order.
private final class Passed: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    var seen: [String] = []

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { seen.append("bytes") }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) { seen.append(event is ChannelShouldQuiesceEvent ? "drain" : "other") }
}
