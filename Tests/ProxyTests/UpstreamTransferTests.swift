import Foundation
import JSON
import Locking
import Messages
import NIOCore
import NIOPosix
import Serving
import Synchronization
import Testing

@testable import Proxy

/// From a server's bytes to a client's.
@Suite(.timeLimit(.minutes(10))) struct UpstreamTransferTests {
    @Test func aConnectionServesOneRequestAfterAnother() async throws {
        let worker = try ScriptedServer { _ in Worker.answer("hello") }
        try await ProxyUnderTest.run(ProxyUnderTest.settings(ChatUpstreamTests.url(worker.base, dialect: "generic"))) { proxy in
            for number in 0..<12 {
                let answer = try await proxy.post(ProxyUnderTest.request("hi \(number)", ["stream": .bool(number % 2 == 0)]))
                #expect(answer.status == 200)
            }
            #expect(worker.count("/v1/chat/completions") == 12)
            // The two loops of a small machine's tests have one each; more would be a connection for a request.
            #expect(worker.connections <= 4)
        }
    }

    private static let piece = String(repeating: "0123456789abcde ", count: 512)

    /// A server that says so many pieces at once.
    private static func talker(_ count: Int, atEnd: @escaping @Sendable () -> Void) throws -> ScriptedServer {
        try ScriptedServer { _ in
            ServerSentEvents.response { writer in
                for _ in 0..<count { try await writer.event(data: Worker.chunk(["content": .string(piece)])) }
                try await writer.event(data: Worker.chunk([:], finish: "stop"))
                atEnd()
            }
        }
    }

    /// More than all buffers between them hold, so that the proxy has to wait for its client.
    @Test func aClientThatIsBehindGetsAll() async throws {
        let count = 1500
        let isTold = Atomic(false)
        let worker = try Self.talker(count) { isTold.store(true, ordering: .relaxed) }
        try await ProxyUnderTest.run(ProxyUnderTest.settings(ChatUpstreamTests.url(worker.base, dialect: "generic"))) { proxy in
            let client = try RawClient(port: proxy.port, window: 4096)
            let body = ProxyUnderTest.request("hi", ["stream": true]).text
            client.send("POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)")
            try await eventually { isTold.load(ordering: .relaxed) }
            let answer = await client.all(until: "\r\n0\r\n\r\n")
            #expect(answer.count > count * Self.piece.utf8.count)
            let text = String(decoding: answer, as: UTF8.self)
            #expect(text.contains("event: message_stop") && text.components(separatedBy: Self.piece).count == count + 1)
            try await eventually { proxy.assembly.gate.inFlight == 0 && proxy.assembly.generations.isEmpty }
        }
    }

    /// Its answer is finished, and most of it still on its way, when the client goes: it can have all of it when it comes back.
    @Test func anAnswerIsToldWhenItIsWritten() async throws {
        let count = 1800
        let isTold = Atomic(false)
        let worker = try Self.talker(count) { isTold.store(true, ordering: .relaxed) }
        try await ProxyUnderTest.run(ProxyUnderTest.settings(ChatUpstreamTests.url(worker.base, dialect: "generic"))) { proxy in
            let body = ProxyUnderTest.request("hi", ["stream": true]).text
            // Of one session, whose answers are shared while nobody has them, and kept nowhere.
            let request = "POST /v1/messages HTTP/1.1\r\nhost: x\r\nx-claude-code-session-id: s\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)"
            var client: RawClient? = try RawClient(port: proxy.port, window: 4096)
            client?.send(request)
            try await eventually { isTold.load(ordering: .relaxed) && proxy.assembly.generations.running == 0 }
            // It catches up once: the rest is given out in one go, and no system has room for that much.
            #expect(await client?.bytes(3 << 20).count == 3 << 20)
            client = nil
            try await eventually { proxy.assembly.gate.inFlight == 0 }
            let again = try RawClient(port: proxy.port)
            again.send(request)
            let answer = String(decoding: await again.all(until: "\r\n0\r\n\r\n"), as: UTF8.self)
            #expect(answer.contains("x-anyclaude-cache: replay") && answer.contains("event: message_stop"), "\(answer.prefix(400))")
            #expect(worker.count("/v1/chat/completions") == 1)
        }
    }

    /// What holds the server up is let go with the answer: the client's end of the exchange waits for it.
    @Test func nothingIsLeftOfAnAnswerThatIsLetGoWhileItIsHeld() async throws {
        let body = [UInt8](repeating: 0x61, count: 4 << 20)
        let server = try RawServer { _ in [Array("HTTP/1.1 200 OK\r\ncontent-length: \(body.count)\r\n\r\n".utf8), body] }
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        let pool = NIOLoopBoundBox.makeBoxSendingValue(ConnectionPool(loop), eventLoop: loop)
        for _ in 0..<4 {
            weak var left: UpstreamReceiver?
            do {
                let request = UpstreamRequest(
                    address: try UpstreamAddress("http://127.0.0.1:\(server.port)/"), method: .GET, headers: [:], body: nil)
                let (_, transfer) = try await UpstreamTransfer.begin(
                    request, by: pool, on: loop, limits: .init(head: .seconds(540), silence: .seconds(540)))
                left = transfer.receiver
                try await eventually { transfer.receiver.isHeld }
            }
            try await eventually { left == nil }
        }
        try await loop.flatSubmit { pool.value.shutDown() }.get()
    }

    @Test func aRequestAfterTheEndEnds() async throws {
        let client = UpstreamClient(limits: .init())
        try await client.shutdown()
        await #expect(throws: UpstreamUnreachable.self) { _ = try await client.send(.GET, "http://127.0.0.1:1/") }
    }

    /// A body is read by a function or part by part; what breaks it off ends the exchange at the server.
    @Test(arguments: [true, false]) func aBodyThatIsBrokenOff(_ isPushed: Bool) async throws {
        let hasEnded = Locking.Mutex(false)
        let worker = try ScriptedServer { _ in
            ServerSentEvents.response { writer in
                defer { hasEnded.withLock { $0 = true } }
                while true {
                    try await writer.event(data: Worker.start)
                    try await Task.sleep(for: .milliseconds(1))
                }
            }
        }
        let client = UpstreamClient(limits: .init())
        var response: UpstreamResponse? = try await client.send(.GET, worker.base + "/any")
        if isPushed {
            let parts = Locking.Mutex(0)
            try await response?.body.read { _ in
                parts.withLock {
                    $0 += 1
                    return $0 < 3
                }
            }
            #expect(parts.withLock { $0 } == 3)
        } else if let body = response?.body {
            for try await part in body {
                #expect(part.readableBytes > 0)
                break
            }
        }
        response = nil
        try await eventually { hasEnded.withLock { $0 } }
        try await client.shutdown()
    }

    @Test func aHeadThatDoesNotComeIsNotWaitedForLonger() async throws {
        let worker = try ScriptedServer { _ in
            try await Task.sleep(for: .seconds(600))
            return Worker.status(200)
        }
        let client = UpstreamClient(limits: .init())
        await #expect(throws: AnthropicError.self) { _ = try await client.send(.GET, worker.base + "/any", timeout: .milliseconds(20)) }
        let waiting = Task { try await client.send(.GET, worker.base + "/any") }
        try await eventually { worker.count("/v1/any") == 2 }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { _ = try await waiting.value }
        try await client.shutdown()
    }
}
