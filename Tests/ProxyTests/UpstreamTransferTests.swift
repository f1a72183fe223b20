import Foundation
import JSON
import Locking
import Messages
import NIOCore
import Serving
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

    /// More than all buffers between them hold, so that the proxy has to wait for its client.
    @Test func aClientThatIsBehindGetsAll() async throws {
        let piece = String(repeating: "0123456789abcde ", count: 512)
        let count = 1500
        let isTold = Mutex(false)
        let worker = try ScriptedServer { _ in
            ServerSentEvents.response { writer in
                for _ in 0..<count { try await writer.event(data: Worker.chunk(["content": .string(piece)])) }
                try await writer.event(data: Worker.chunk([:], finish: "stop"))
                isTold.withLock { $0 = true }
            }
        }
        try await ProxyUnderTest.run(ProxyUnderTest.settings(ChatUpstreamTests.url(worker.base, dialect: "generic"))) { proxy in
            let client = try RawClient(port: proxy.port, window: 4096)
            let body = ProxyUnderTest.request("hi", ["stream": true]).text
            client.send("POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)")
            try await eventually { isTold.withLock { $0 } }
            let answer = await client.all(until: "\r\n0\r\n\r\n")
            #expect(answer.count > count * piece.utf8.count)
            let text = String(decoding: answer, as: UTF8.self)
            #expect(text.contains("event: message_stop") && text.components(separatedBy: piece).count == count + 1)
            try await eventually { proxy.assembly.gate.inFlight == 0 && proxy.assembly.generations.isEmpty }
        }
    }

    /// A body is read by a function or part by part; what breaks it off ends the exchange at the server.
    @Test(arguments: [true, false]) func aBodyThatIsBrokenOff(_ isPushed: Bool) async throws {
        let hasEnded = Mutex(false)
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
            let parts = Mutex(0)
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
