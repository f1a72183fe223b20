import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import Proxy

/// The exchanges of one connection, part by part.
@Suite struct UpstreamConnectionTests {
    private struct Broken: Error {}
    private let loop = EmbeddedEventLoop()
    private let channel: EmbeddedChannel
    private let connection: UpstreamConnection
    private let pool: ConnectionPool
    private static let url = "http://127.0.0.1:1/v1/x"

    init() throws {
        channel = EmbeddedChannel(loop: loop)
        pool = ConnectionPool(loop)
        connection = UpstreamConnection(try UpstreamAddress(Self.url).origin, pool, ReadPacer(ReadClock(loop)), nil)
        try channel.pipeline.syncOperations.addHandler(connection)
        try channel.connect(to: SocketAddress(unixDomainSocketPath: "/none")).wait()
    }

    private func ask() throws -> UpstreamReceiver {
        let receiver = UpstreamReceiver(loop)
        let request = UpstreamRequest(
            address: try UpstreamAddress(Self.url), method: .POST, headers: ["content-length": "7", "transfer-encoding": "chunked"],
            body: ByteBuffer(string: "{}"))
        connection.begin(request, for: receiver)
        return receiver
    }
    private func fire(_ parts: HTTPClientResponsePart...) { for part in parts { channel.pipeline.fireChannelRead(part) } }
    private let head = HTTPClientResponsePart.head(HTTPResponseHead(version: .http1_1, status: .ok))

    @Test func aRequestIsWholeAndItsOwnLengthIsTold() throws {
        _ = try ask()
        guard case .head(let head) = try channel.readOutbound(as: HTTPClientRequestPart.self) else { throw Broken() }
        #expect(head.uri == "/v1/x" && head.headers["content-length"] == ["2"] && head.headers["host"] == ["127.0.0.1:1"])
        #expect(!head.headers.contains(name: "transfer-encoding"))
        #expect(try channel.readOutbound(as: HTTPClientRequestPart.self) == .body(.byteBuffer(ByteBuffer(string: "{}"))))
        #expect(try channel.readOutbound(as: HTTPClientRequestPart.self) == .end(nil))
    }

    @Test(arguments: [["connection": "close"], [:]] as [HTTPHeaders]) func aServerSaysWhetherItKeepsTheConnection(headers: HTTPHeaders) throws {
        for isKept in [true, headers.isEmpty] where channel.isActive {
            let receiver = try ask()
            fire(.head(HTTPResponseHead(version: .http1_1, status: .ok, headers: headers)), .body(ByteBuffer(string: "a")), .end(nil))
            guard case .over = receiver.progress else { throw Broken() }
            #expect(channel.isActive == (headers.isEmpty && isKept))
        }
    }

    @Test func whatTheServerSaysUnaskedEndsTheConnection() throws {
        fire(head)
        #expect(!channel.isActive)
    }

    /// Half of an answer, which a reader of HTTP would keep for the next request.
    @Test func notEvenABeginningIsTakenBetweenAnswers() throws {
        let channel = EmbeddedChannel(loop: loop)
        let request = UpstreamRequest(address: try UpstreamAddress(Self.url), method: .GET, headers: [:], body: nil)
        try pool.prepare(channel.pipeline.syncOperations, request)
        try channel.connect(to: SocketAddress(unixDomainSocketPath: "/none")).wait()
        let connection = try channel.pipeline.syncOperations.handler(type: UpstreamConnection.self)
        let receiver = UpstreamReceiver(loop)
        connection.begin(request, for: receiver)
        try channel.writeInbound(ByteBuffer(string: "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\na"))
        guard case .over = receiver.progress, channel.isActive else { throw Broken() }
        try channel.writeInbound(ByteBuffer(string: "HTTP/1.1 200 OK\r\n"))
        #expect(!channel.isActive)
    }

    @Test func whatIsBrokenOffEndsTheConnectionWhatIsOverDoesNot() throws {
        let receiver = try ask()
        fire(head, .end(nil))
        receiver.breakOff(.cancelled)
        #expect(channel.isActive)
        let second = try ask()
        // Nor does it end the exchange after it.
        receiver.breakOff(.cancelled)
        fire(head)
        guard channel.isActive, case .read = second.progress else { throw Broken() }
        second.breakOff(.cancelled)
        #expect(!channel.isActive)
    }

    @Test func aRequestThatWasGivenUpBeforeItBeganIsNotSent() throws {
        let receiver = UpstreamReceiver(loop)
        receiver.breakOff(.cancelled)
        let request = UpstreamRequest(address: try UpstreamAddress(Self.url), method: .GET, headers: [:], body: nil)
        connection.begin(request, for: receiver)
        #expect(try channel.readOutbound(as: HTTPClientRequestPart.self) == nil)
        #expect(channel.isActive)
    }

    @Test func anIdleConnectionIsClosedInTime() throws {
        _ = try ask()
        fire(head, .end(nil))
        loop.advanceTime(by: .seconds(3))
        #expect(channel.isActive)
        _ = try ask()
        fire(head, .end(nil))
        loop.advanceTime(by: .seconds(3))
        #expect(channel.isActive)
        loop.advanceTime(by: .seconds(2))
        #expect(!channel.isActive)
    }

    @Test func theEndOfThePoolIsThatOfItsConnections() throws {
        let url = try UpstreamAddress(Self.url)
        _ = try ask()
        fire(head, .end(nil))
        try pool.shutDown().wait()
        let late = UpstreamReceiver(loop)
        pool.perform(UpstreamRequest(address: url, method: .GET, headers: [:], body: nil), for: late)
        guard case .over = late.progress else { throw Broken() }
    }
}
