import NIOCore
import NIOEmbedded
import Testing

@testable import Proxy

@Suite struct ReadPacerTests {
    private final class Reads: ChannelOutboundHandler {
        typealias OutboundIn = ByteBuffer
        var count = 0
        func read(context: ChannelHandlerContext) {
            count += 1
            context.read()
        }
    }
    private let loop = EmbeddedEventLoop()
    private let channel: EmbeddedChannel
    private let reads = Reads()
    private let pacer: ReadPacer

    init() throws {
        channel = EmbeddedChannel(loop: loop)
        pacer = ReadPacer(ReadClock(loop))
        try channel.pipeline.syncOperations.addHandlers([reads, pacer])
    }

    /// One read's worth of bytes, after which the next read is asked for.
    private func come(_ count: Int = 100, after pause: TimeAmount) throws {
        loop.advanceTime(by: pause)
        try channel.writeInbound(ByteBuffer(repeating: 0x61, count: count))
        channel.read()
    }

    @Test func whatComesSlowlyIsReadAtOnce() throws {
        for _ in 0..<50 { try come(after: .milliseconds(25)) }
        #expect(reads.count == 50)
    }

    @Test func theFirstWordsAreReadAtOnceWhateverTheirPace() throws {
        for _ in 0..<8 { try come(after: .milliseconds(1)) }
        #expect(reads.count == 8)
    }

    @Test func whatComesFasterIsReadAtTheNextOfTheSharedMoments() throws {
        for _ in 0..<9 { try come(after: .milliseconds(1)) }
        #expect(reads.count == 8)
        loop.advanceTime(by: .milliseconds(10))
        #expect(reads.count == 8)
        loop.advanceTime(by: .milliseconds(1))
        // Twenty milliseconds after the loop's first moment.
        #expect(reads.count == 9)
    }

    @Test func largePartsAreTakenAsTheyCome() throws {
        for _ in 0..<50 { try come(16 << 10, after: .milliseconds(1)) }
        #expect(reads.count == 50)
    }

    @Test func aRequestIsNotPutOffForTheAnswerBefore() throws {
        for _ in 0..<9 { try come(after: .milliseconds(1)) }
        #expect(reads.count == 8)
        try channel.writeOutbound(ByteBuffer(string: "GET"))
        #expect(reads.count == 9)
        for _ in 0..<8 { try come(after: .milliseconds(1)) }
        #expect(reads.count == 17)
        // The moment that was waited for has nothing left to read.
        loop.advanceTime(by: .milliseconds(40))
        #expect(reads.count == 17)
    }

    @Test func betweenAnswersAllIsReadAtOnceAndIsNobodys() throws {
        for _ in 0..<9 { try come(after: .milliseconds(1)) }
        pacer.rest()
        #expect(reads.count == 9)
        while try channel.readInbound(as: ByteBuffer.self) != nil {}
        #expect(throws: TransferError.self) { try channel.writeInbound(ByteBuffer(string: "unasked")) }
        #expect(try channel.readInbound(as: ByteBuffer.self) == nil)
        try channel.writeOutbound(ByteBuffer(string: "GET"))
        try come(after: .milliseconds(1))
        #expect(try channel.readInbound(as: ByteBuffer.self) != nil)
    }

    @Test func aConnectionThatHasEndedIsLeftAlone() throws {
        for _ in 0..<9 { try come(after: .milliseconds(1)) }
        try channel.close().wait()
        loop.advanceTime(by: .milliseconds(40))
        #expect(reads.count == 8)
    }
}
