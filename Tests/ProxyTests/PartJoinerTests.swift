import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import Proxy

@Suite struct PartJoinerTests {
    private struct Broken: Error {}
    /// What came, and an end of the connection as it was seen.
    private final class Seen: ChannelInboundHandler {
        typealias InboundIn = HTTPClientResponsePart
        var words: [String] = []
        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head: words.append("(head)")
            case .body(let part): words.append(String(buffer: part))
            case .end: words.append("(end)")
            }
        }
        func channelInactive(context: ChannelHandlerContext) { words.append("(inactive)") }
        func errorCaught(context: ChannelHandlerContext, error: any Error) { words.append("(error)") }
    }
    private let channel: EmbeddedChannel
    private let seen = Seen()

    init() throws {
        channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandlers([PartJoiner(), seen])
        try channel.connect(to: SocketAddress(unixDomainSocketPath: "/none")).wait()
    }

    private func fire(_ parts: HTTPClientResponsePart...) { for part in parts { channel.pipeline.fireChannelRead(part) } }
    private func body(_ text: String) -> HTTPClientResponsePart { .body(ByteBuffer(string: text)) }
    private let head = HTTPClientResponsePart.head(HTTPResponseHead(version: .http1_1, status: .ok))

    @Test func whatOneReadBringsIsOnePart() {
        fire(head, body("a"), body("b"), body(""), body("c"))
        channel.pipeline.fireChannelReadComplete()
        fire(body("d"))
        channel.pipeline.fireChannelReadComplete()
        channel.pipeline.fireChannelReadComplete()
        fire(body("e"), body("f"), .end(nil))
        #expect(seen.words == ["(head)", "abc", "d", "ef", "(end)"])
        // The next answer on the same connection.
        fire(head, body("g"), .end(nil))
        #expect(seen.words.suffix(3) == ["(head)", "g", "(end)"])
    }

    @Test func aPartAloneIsNotCopied() {
        let whole = ByteBuffer(string: "not copied")
        fire(head, .body(whole))
        var address: UnsafeRawPointer?
        whole.withUnsafeReadableBytes { address = $0.baseAddress }
        final class Last: ChannelInboundHandler {
            typealias InboundIn = HTTPClientResponsePart
            var address: UnsafeRawPointer?
            func channelRead(context: ChannelHandlerContext, data: NIOAny) {
                if case .body(let part) = unwrapInboundIn(data) { part.withUnsafeReadableBytes { address = $0.baseAddress } }
            }
        }
        let last = Last()
        #expect(throws: Never.self) { try channel.pipeline.syncOperations.addHandler(last, position: .before(seen)) }
        channel.pipeline.fireChannelReadComplete()
        #expect(last.address == address)
    }

    @Test func whatCameBeforeAnErrorIsToldBeforeIt() {
        fire(head, body("a"), body("b"))
        channel.pipeline.fireErrorCaught(Broken())
        #expect(seen.words == ["(head)", "ab", "(error)"])
    }

    @Test func whatCameBeforeTheEndOfTheConnectionIsToldBeforeIt() {
        fire(head, body("a"), body("b"))
        channel.pipeline.fireChannelInactive()
        #expect(seen.words == ["(head)", "ab", "(inactive)"])
    }

    @Test func manyPartsKeepTheirOrder() {
        let words = (0..<5000).map { "word \($0) " }
        fire(head)
        for word in words { fire(body(word)) }
        channel.pipeline.fireChannelReadComplete()
        #expect(seen.words == ["(head)", words.joined()])
    }
}
