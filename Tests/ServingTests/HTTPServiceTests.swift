import Dispatch
import Glibc
import Hummingbird
import Locking
import Logging
import NIOCore
import Serving
import Testing

/// A real server on loopback, and clients that leave at every moment.
@Suite(.timeLimit(.minutes(10))) struct HTTPServiceTests {
    @Test func aClientThatLeavesBeforeTheAnswerCancelsItsRequest() async throws {
        try await withServer { port, visits in
            let client = try Client(port: port)
            client.send("POST /hang HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}")
            await visits.wait { $0.entered == 1 }
            client.leave()
            await visits.wait { $0.left == 1 }
        }
    }

    @Test func aClientThatLeavesASilentStreamCancelsIt() async throws {
        try await withServer { port, visits in
            let client = try Client(port: port)
            client.send("GET /stream HTTP/1.1\r\nhost: x\r\n\r\n")
            #expect(await client.read(until: "data: first\n\n").hasPrefix("HTTP/1.1 200 OK\r\n"))
            client.leave()
            await visits.wait { $0.left == 1 }
        }
    }

    @Test func aClientThatEndsItsSendingSideHasLeft() async throws {
        try await withServer { port, visits in
            let client = try Client(port: port)
            client.send("GET /stream HTTP/1.1\r\nhost: x\r\n\r\n")
            _ = await client.read(until: "data: first\n\n")
            client.endSending()
            await visits.wait { $0.left == 1 }
        }
    }

    @Test func aConnectionServesOneRequestAfterTheOther() async throws {
        try await withServer { port, _ in
            let client = try Client(port: port)
            for text in ["one", "two", "three"] {
                client.send("POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: \(text.utf8.count)\r\n\r\n\(text)")
                let answer = await client.read(until: "\r\n\r\n\(text)")
                #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n") && !answer.lowercased().contains("connection: close"))
            }
        }
    }

    @Test func aHeadThatDoesNotEndEndsItsConnection() async throws {
        try await withServer(headTimeout: .milliseconds(50)) { (port, visits) async throws in
            let slow = try Client(port: port)
            slow.send("GET /hello HTTP/1.1\r\nx-slow: ")
            #expect(await slow.read(until: "never") == "")
            // The body has its own time.
            let patient = try Client(port: port)
            patient.send("POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\nla")
            try await Task.sleep(for: .milliseconds(120))
            patient.send("st")
            #expect(await patient.read(until: "\r\n\r\nlast").hasPrefix("HTTP/1.1 200"))
            // And so has a connection between two requests.
            try await Task.sleep(for: .milliseconds(120))
            patient.send("GET /hello HTTP/1.1\r\nhost: x\r\n\r\n")
            #expect(await patient.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test func theAnswerToHeadHasNoBody() async throws {
        try await withServer { port, _ in
            let client = try Client(port: port)
            client.send("HEAD /hello HTTP/1.1\r\nhost: x\r\n\r\nHEAD /stream HTTP/1.1\r\nhost: x\r\n\r\n")
            client.send("POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\nlast")
            let first = await client.read(until: "\r\n\r\n")
            #expect(first.hasPrefix("HTTP/1.1 200 OK\r\n") && first.lowercased().contains("content-length: 5\r\n"))
            #expect(await client.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 200 OK\r\n"))
            let last = await client.read(until: "\r\n\r\nlast")
            #expect(last.hasPrefix("HTTP/1.1 200 OK\r\n"), "\(last)")
        }
    }

    @Test(arguments: [("127.0.0.1", true), ("0.0.0.0", false)])
    func whoCanReachAListener(host: String, isLoopback: Bool) throws {
        let (listener, _) = try ListeningSocket.bind(host: host, port: 0)
        defer { close(listener) }
        #expect(ListeningSocket.isLoopback(listener) == isLoopback)
    }

    @Test func aUnixSocketIsOfThisMachine() {
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        #expect(ListeningSocket.isLoopback(descriptor))
    }

    /// Every request that was begun is ended by the leaving of its client, at whatever moment that was.
    @Test func crowdsOfLeavingClientsLeaveNothingBehind() async throws {
        try await withServer { port, visits in
            for round in 0..<600 {
                let client = try Client(port: port)
                let path = round % 2 == 0 ? "/hang" : "/stream"
                let request = "POST \(path) HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}"
                switch round % 5 {
                case 0: client.send(String(request.dropLast(1)))
                case 1: client.send(request + request)
                case 2 where round % 2 == 1:
                    client.send(request)
                    _ = await client.read(until: "data: first\n\n")
                default: client.send(request)
                }
                client.leave(resetting: round % 3 == 0)
            }
            let last = try Client(port: port)
            last.send("POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\nlast")
            _ = await last.read(until: "\r\n\r\nlast")
            await visits.wait { $0.entered > 0 && $0.left == $0.entered }
        }
    }

    /// A server that is told to end at once ends, and takes the connections with it that came in that moment.
    @Test func connectionsThatComeWithTheEndAreSeenToTheirs() async throws {
        for _ in 0..<100 {
            try await withServer { port, _ in
                // In the listener's queue, or being accepted, when the server is cancelled.
                for _ in 0..<8 { _ = try Client(port: port) }
            }
        }
    }

    /// There a client waits while its server is replaced, or has no descriptors.
    @Test func theQueueOfAListenerStaysAsLongAsItWas() async throws {
        let (listener, _) = try ListeningSocket.bind(host: "127.0.0.1", port: 0)
        let before = try queueLength(listener)
        #expect(before > 128)
        let (running, signal) = AsyncStream<Void>.makeStream()
        let service = HTTPService(
            listeners: [listener], responder: CallbackResponder { (_: Request, _: BasicRequestContext) in Response(status: .ok) },
            logger: Logger(label: "test"), onRunning: { signal.finish() })
        let task = Task { try await service.run() }
        for await _ in running {}
        #expect(try queueLength(listener) == before)
        task.cancel()
        _ = await task.result
    }

    /// `tcpi_sacked` of a listener (tcp(7), TCP_INFO): the sixth word after eight bytes.
    private func queueLength(_ listener: CInt) throws -> UInt32 {
        var info = [UInt32](repeating: 0, count: 64)
        var length = socklen_t(info.count * 4)
        try #require(getsockopt(listener, CInt(IPPROTO_TCP), TCP_INFO, &info, &length) == 0 && length > 32)
        return info[7]
    }

    // MARK: the server

    private func withServer(headTimeout: TimeAmount = .seconds(15), _ body: (Int, Visits) async throws -> Void) async throws {
        let visits = Visits()
        let (listener, port) = try ListeningSocket.bind(host: "127.0.0.1", port: 0)
        var logger = Logger(label: "test")
        logger.logLevel = .error
        let service = HTTPService(
            listeners: [listener], responder: CallbackResponder(callback: visits.respond), headTimeout: headTimeout, logger: logger)
        let running = Task { try await service.run() }
        do {
            try await body(port, visits)
        } catch {
            running.cancel()
            throw error
        }
        running.cancel()
        _ = await running.result
    }
}

/// The requests of one server.
private final class Visits: Sendable {
    struct Count {
        var entered = 0
        var left = 0
    }
    private struct State {
        var count = Count()
        var waiting: [(condition: @Sendable (Count) -> Bool, signal: AsyncStream<Void>.Continuation)] = []
    }
    private let state = Mutex(State())

    func wait(_ condition: @escaping @Sendable (Count) -> Bool) async {
        let (stream, signal) = AsyncStream<Void>.makeStream()
        state.withLock { $0.waiting.append((condition, signal)) }
        change { _ in }
        for await _ in stream {}
    }

    private func change(_ change: (inout Count) -> Void) {
        state.withLock { state in
            change(&state.count)
            state.waiting.removeAll { waiting in
                guard waiting.condition(state.count) else { return false }
                waiting.signal.finish()
                return true
            }
        }
    }

    @Sendable func respond(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
        switch request.uri.path {
        case "/hang":
            _ = try await request.collectedBody(upTo: 100)
            try await stay()
            return Response(status: .ok)
        case "/hello": return Response(status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(string: "hello")))
        case "/stream":
            return ServerSentEvents.response { writer in
                try await writer.event(data: Array("first".utf8))
                try await self.stay()
            }
        default:
            let body = try await request.collectedBody(upTo: 100) ?? ByteBuffer()
            return Response(status: .ok, body: ResponseBody(byteBuffer: body))
        }
    }

    /// Until the task is cancelled; nothing else ends it.
    private func stay() async throws {
        change { $0.entered += 1 }
        defer { change { $0.left += 1 } }
        let (forever, unused) = AsyncStream<Void>.makeStream()
        for await _ in forever {}
        withExtendedLifetime(unused) {}
        throw CancellationError()
    }
}

/// A plain socket: what it does is done when the call returns.
private final class Client: Sendable {
    private let connection: LoopbackConnection
    private var descriptor: CInt { connection.descriptor }

    init(port: Int) throws {
        connection = try LoopbackConnection(port: port)
        var limit = timeval(tv_sec: 540, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    func send(_ text: String) {
        let bytes = Array(text.utf8)
        #expect(Glibc.send(descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL)) == bytes.count)
    }

    /// What was received, up to and with `end`; less when the server ends it or is silent for long.
    func read(until end: String) async -> String {
        await withCheckedContinuation { continuation in
            // The server's tasks need the threads that tasks run on.
            DispatchQueue.global().async { [self] in
                var received: [UInt8] = []
                var byte: UInt8 = 0
                while !received.suffix(end.utf8.count).elementsEqual(end.utf8), recv(descriptor, &byte, 1, 0) == 1 { received.append(byte) }
                continuation.resume(returning: String(decoding: received, as: UTF8.self))
            }
        }
    }

    func endSending() { shutdown(descriptor, CInt(SHUT_WR)) }

    /// Both directions end; with `resetting` as by a process that was killed with bytes unread.
    func leave(resetting: Bool = false) {
        guard resetting else { return _ = shutdown(descriptor, CInt(SHUT_RDWR)) }
        // A connection to nowhere is an abort (RFC 9293, section 3.10.5).
        var nowhere = sockaddr()
        nowhere.sa_family = sa_family_t(AF_UNSPEC)
        connect(descriptor, &nowhere, socklen_t(MemoryLayout<sockaddr>.size))
    }
}
