import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing

@testable import Serving

/// On a loop whose clock is the test's.
@Suite struct ConnectionDrainTests {
    private static let request = HTTPRequestPart.head(HTTPRequest(method: .get, scheme: "http", authority: "x", path: "/"))
    private static let answer = HTTPResponsePart.head(HTTPResponse(status: .ok))

    @Test func aSilentConnectionDrainsAfterAWhileAndOnce() throws {
        let (channel, passed) = try Self.connection()
        for _ in 0..<2 { channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(999))
        #expect(passed.seen == [])
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(passed.seen == ["drain"])
        channel.embeddedEventLoop.advanceTime(by: .seconds(10))
        #expect(passed.seen == ["drain"])
        _ = try channel.finish()
    }

    @Test func aRequestThatComesInThatTimeIsAnsweredAndToldOfTheEnd() throws {
        let (channel, passed) = try Self.connection()
        channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        try channel.writeInbound(Self.request)
        channel.embeddedEventLoop.advanceTime(by: .seconds(10))
        #expect(passed.seen == ["head"], "the answer may take its time")
        try channel.writeOutbound(Self.answer)
        #expect(passed.seen == ["head", "drain"])
        guard case .head(let head)? = try channel.readOutbound(as: HTTPResponsePart.self) else {
            Issue.record("no head")
            return
        }
        #expect(head.headerFields[.connection] == "close")
        try channel.writeOutbound(HTTPResponsePart.end(nil))
        channel.embeddedEventLoop.advanceTime(by: .seconds(10))
        #expect(passed.seen == ["head", "drain"])
        _ = try channel.finish()
    }

    /// Its head was written before anybody knew: the client may send its next request as soon as it has the end.
    @Test func afterAnAnswerThatSaidNothingTheNextRequestIsWaitedFor() throws {
        let (channel, passed) = try Self.connection()
        try channel.writeInbound(Self.request)
        try channel.writeOutbound(Self.answer)
        channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        channel.embeddedEventLoop.advanceTime(by: .seconds(10))
        try channel.writeOutbound(HTTPResponsePart.end(nil))
        #expect(passed.seen == ["head"])
        try channel.writeInbound(Self.request)
        try channel.writeOutbound(Self.answer)
        #expect(passed.seen == ["head", "head", "drain"])
        _ = try channel.finish()
    }

    @Test func otherWordsDoNotWaitAndWhatHasEndedHasNothingToDrain() throws {
        let (channel, passed) = try Self.connection()
        channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        #expect(passed.seen == ["other"])
        channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        _ = try channel.finish()
        channel.embeddedEventLoop.advanceTime(by: .seconds(10))
        #expect(passed.seen == ["other"])
    }

    private static func connection() throws -> (EmbeddedChannel, Passed) {
        let passed = Passed()
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandlers([ConnectionDrain(patience: { .seconds(1) }), passed])
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        return (channel, passed)
    }

    // MARK: the head

    @Test func aHeadThatDoesNotEndEndsTheConnection() throws {
        let channel = try Self.reading()
        try channel.writeInbound(ByteBuffer(string: "GET / HT"))
        for _ in 0..<9 {
            channel.embeddedEventLoop.advanceTime(by: .seconds(1))
            try channel.writeInbound(ByteBuffer(string: "T"))
        }
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(!channel.isActive)
        _ = try? channel.finish()
    }

    @Test func aHeadInTimeLeavesTheBodyAndTheNextRequestTheirOwn() throws {
        let channel = try Self.reading()
        for _ in 0..<3 {
            try channel.writeInbound(ByteBuffer(string: "GET"))
            channel.embeddedEventLoop.advanceTime(by: .seconds(9))
            channel.pipeline.fireUserInboundEventTriggered(Part.head)
            channel.embeddedEventLoop.advanceTime(by: .seconds(60))
            channel.pipeline.fireUserInboundEventTriggered(Part.end)
            channel.embeddedEventLoop.advanceTime(by: .seconds(60))
        }
        #expect(channel.isActive)
        _ = try channel.finish()
    }

    private enum Part { case head, end }

    /// Turns the test's words into what the reading of HTTP would pass on.
    private final class Codec: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias InboundOut = HTTPRequestPart
        func channelRead(context: ChannelHandlerContext, data: NIOAny) {}
        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            guard let part = event as? Part else { return context.fireUserInboundEventTriggered(event) }
            context.fireChannelRead(wrapInboundOut(part == .head ? ConnectionDrainTests.request : .end(nil)))
        }
    }

    private static func reading() throws -> EmbeddedChannel {
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandlers([RequestHeadDeadline(.seconds(10)), Codec(), RequestHeadDeadline.Reader()])
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        return channel
    }
}

/// What comes behind the drain, in its order.
private final class Passed: ChannelInboundHandler {
    typealias InboundIn = HTTPRequestPart

    var seen: [String] = []

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { seen.append("head") }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) { seen.append(event is ChannelShouldQuiesceEvent ? "drain" : "other") }
}
