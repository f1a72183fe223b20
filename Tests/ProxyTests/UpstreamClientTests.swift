import Foundation
import Hummingbird
import Locking
import Messages
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Serving
import Testing

@testable import Proxy

/// Exchanges with servers that say what they like.
@Suite(.timeLimit(.minutes(10))) struct UpstreamClientTests {
    /// What a server's answer is read as, with how it ends.
    private static func words(of pieces: [String]) async throws -> [String] {
        let server = try RawServer { _ in pieces.map { Array($0.utf8) } }
        let client = UpstreamClient(limits: .init())
        var words: [String] = []
        do {
            let response = try await client.send(.GET, server.base + "/x")
            words.append("\(response.status.code)")
            var text = ""
            do {
                for try await part in response.body { text += String(buffer: part) }
                words += [text, "(end)"]
            } catch { words += [text, "(cut)"] }
        } catch let error as UpstreamUnreachable { words.append(error.wasSent ? "(lost)" : "(unreachable)") }
        try await client.shutdown()
        return words
    }

    private static let head = "HTTP/1.1 200 OK\r\n"

    @Test(arguments: [
        ([head + "content-length: 4\r\n\r\nab", "cd"], ["200", "abcd", "(end)"]),
        ([head + "content-length: 0\r\n\r\n"], ["200", "", "(end)"]),
        ([head + "transfer-encoding: chunked\r\n\r\n2\r\nab\r\n", "1\r\nc\r\n0\r\n\r\n"], ["200", "abc", "(end)"]),
        (["HTTP/1.0 200 OK\r\n\r\nab", "cd"], ["200", "abcd", "(end)"]),
        (["HTTP/1.1 100 Continue\r\n\r\n", head + "content-length: 1\r\n\r\na"], ["200", "a", "(end)"]),
        ([head + "content-length: 4\r\n\r\nab"], ["200", "ab", "(cut)"]),
        ([head + "transfer-encoding: chunked\r\n\r\n2\r\nab\r\n"], ["200", "ab", "(cut)"]),
        ([head + "transfer-encoding: chunked\r\n\r\n2\r\nab\r\nzz"], ["200", "ab", "(cut)"]),
        (["HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n"], ["(lost)"]),
        ([], ["(lost)"]), (["HTTP/1.1 20"], ["(lost)"]), (["SSH-2.0-x\r\n"], ["(lost)"]),
    ]) func anAnswer(pieces: [String], read: [String]) async throws { #expect(try await Self.words(of: pieces) == read) }

    /// The rest is nobody's answer, least of all that of the next request.
    @Test func whatFollowsAnAnswerUnaskedIsNotTheNext() async throws {
        let one = Self.head + "content-length: 1\r\n\r\n"
        let server = try RawServer { seen in [Array((one + (seen.requestLine.contains("/1 ") ? "a" + one + "X" : "b")).utf8)] }
        let client = UpstreamClient(limits: .init())
        for (path, answer) in [("/1", "a"), ("/2", "b")] {
            let response = try await client.send(.GET, server.base + path)
            #expect(try await UpstreamClient.bytes(of: response) == Array(answer.utf8))
        }
        try await client.shutdown()
    }

    /// A server that has read enough says so, and closes: what is said is heard, whatever becomes of the rest of the request.
    @Test func anAnswerBeforeTheRequestIsRead() async throws {
        let server = try RawServer(readsBodies: false) { _ in [Array("HTTP/1.0 413 Too Large\r\n\r\ntoo big".utf8)] }
        let client = UpstreamClient(limits: .init())
        let response = try await client.send(.POST, server.base, body: ByteBuffer(repeating: 0x61, count: 16 << 20))
        let text = try await UpstreamClient.bytes(of: response)
        #expect(response.status == .payloadTooLarge && text == Array("too big".utf8))
        try await client.shutdown()
    }

    /// Else its body would be the next request.
    @Test(arguments: [.TRACE, .GET, .HEAD, .PUT, .RAW(value: "X")] as [HTTPMethod])
    func aBodyHasItsLengthWhateverTheMethod(method: HTTPMethod) async throws {
        let server = try RawServer { _ in [Array((Self.head + "content-length: 0\r\n\r\n").utf8)] }
        let client = UpstreamClient(limits: .init())
        _ = try await client.send(method, server.base, body: ByteBuffer(string: "abc"))
        #expect(server.requests.first?.values("content-length") == ["3"] && server.requests.first?.body == Array("abc".utf8))
        #expect(server.requests.first?.values("transfer-encoding") == [])
        try await client.shutdown()
    }

    /// The time that a small question has is also that between the head of its answer and the rest.
    @Test func anAnswerThatStallsIsGivenUp() async throws {
        let worker = try ScriptedServer { _ in
            Response(status: .ok, body: ResponseBody { _ in try await Task.sleep(for: .seconds(600)) })
        }
        let client = UpstreamClient(limits: .init())
        await #expect(throws: AnthropicError.self) {
            try await client.exchange(.GET, worker.base, key: nil, dialect: .generic, timeout: .milliseconds(200))
        }
        try await client.shutdown()
    }

    /// Who reads ends the exchange within the reading.
    @Test func aReaderThatBreaksOff() async throws {
        let server = try RawServer { _ in [Array((Self.head + "content-length: 4\r\n\r\nabcd").utf8)] }
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        let pool = NIOLoopBoundBox.makeBoxSendingValue(ConnectionPool(loop), eventLoop: loop)
        let request = UpstreamRequest(address: try UpstreamAddress(server.base), method: .GET, headers: [:], body: nil)
        let (_, transfer) = try await UpstreamTransfer.begin(
            request, by: pool, on: loop, limits: .init(head: .seconds(540), silence: .seconds(540)))
        let receiver = transfer.receiver
        // Either it is broken off, or all has come before it is read.
        _ = try? await transfer.read { _ in
            receiver.breakOff(.cancelled)
            return false
        }
        guard case .over = receiver.progress else { throw TransferError.unexpected }
        try await loop.flatSubmit { pool.value.shutDown() }.get()
    }

    @Test func aServerThatIsNotThereWasSentNothing() async throws {
        let (listener, port) = try ListeningSocket.bind(host: "127.0.0.1", port: 0)
        close(listener)
        let client = UpstreamClient(limits: .init())
        for url in ["http://127.0.0.1:\(port)/", "http+unix://%2Fnone%2Fat.all/"] {
            let error = await #expect(throws: UpstreamUnreachable.self) { try await client.send(.POST, url) }
            #expect(error?.wasSent == false)
        }
        try await client.shutdown()
    }

    @Test(arguments: ["x y", "x\r\ny", "\u{0}"]) func whatCannotStandInAHeadIsNotSent(name: String) async throws {
        let server = try RawServer { _ in [Array((Self.head + "content-length: 0\r\n\r\n").utf8)] }
        let client = UpstreamClient(limits: .init())
        for (method, headers) in [(.GET, [name: "v"]), (.GET, ["n": "v\r\nx: y"]), (.RAW(value: name), [:])] as [(HTTPMethod, HTTPHeaders)] {
            // The client's fault, and not one of the server's failures.
            let error = await #expect(throws: AnthropicError.self) { try await client.send(method, server.base, headers: headers) }
            #expect(error?.kind == .invalidRequest)
        }
        #expect(server.requests.isEmpty)
        try await client.shutdown()
    }

    private static func certificate(in folder: String) throws -> (chain: String, key: String) {
        let (chain, key) = (folder + "/chain.pem", folder + "/key.pem")
        let openssl = Process()
        openssl.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        openssl.arguments = [
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-days", "2", "-subj", "/CN=localhost",
            "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", chain,
        ]
        openssl.standardError = FileHandle.nullDevice
        try openssl.run()
        openssl.waitUntilExit()
        #expect(openssl.terminationStatus == 0)
        return (chain, key)
    }

    private final class Greeter: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart
        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard case .end = unwrapInboundIn(data) else { return }
            context.write(wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .ok, headers: ["content-length": "5"]))), promise: nil)
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: "hello")))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }

    /// A server's certificate is that of its name, by one whom this machine trusts.
    @Test(arguments: ["localhost", "127.0.0.1"]) func aSecureServer(host: String) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("proxy-tests-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let certificate = try Self.certificate(in: folder)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(certificate.chain).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: certificate.key, format: .pem)))
        configuration.applicationProtocols = ["http/1.1"]
        let context = try NIOSSLContext(configuration: configuration)
        let group = MultiThreadedEventLoopGroup.singleton
        let server = try await ServerBootstrap(group: group).childChannelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                let pipeline = channel.pipeline.syncOperations
                try pipeline.addHandler(NIOSSLServerHandler(context: context))
                try pipeline.configureHTTPServerPipeline()
                try pipeline.addHandler(Greeter())
            }
        }.bind(host: "127.0.0.1", port: 0).get()
        let url = "https://\(host):\(server.localAddress?.port ?? 0)/"
        var trusting = TLSConfiguration.makeClientConfiguration()
        trusting.trustRoots = .file(certificate.chain)
        let client = UpstreamClient(limits: .init(), tls: trusting)
        for _ in 0..<3 {
            let response = try await client.send(.GET, url)
            #expect(try await UpstreamClient.bytes(of: response) == Array("hello".utf8))
        }
        try await client.shutdown()
        let other = UpstreamClient(limits: .init())
        let error = await #expect(throws: UpstreamUnreachable.self) { try await other.send(.GET, url) }
        #expect(error?.wasSent == false)
        try await other.shutdown()
        try await server.close().get()
    }

    /// One that closes at once, or says nothing of TLS, has been sent nothing.
    @Test func aServerThatIsNotSecure() async throws {
        let server = try RawServer(readsBodies: false) { _ in [] }
        let client = UpstreamClient(limits: .init())
        let url = "https://127.0.0.1:\(server.port)/"
        let asking = Task { try await client.send(.GET, url) }
        try await eventually { server.connections == 1 }
        try await client.shutdown()
        let ended = await #expect(throws: UpstreamUnreachable.self) { try await asking.value }
        #expect(ended?.wasSent == false)
    }
}
