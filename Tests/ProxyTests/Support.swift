import AsyncHTTPClient
import Control
import Dispatch
import Foundation
import Glibc
import Hummingbird
import JSON
import LaunchPlan
import Locking
import Logging
import Messages
import NIOCore
import Serving
import Synchronization
import Testing

@testable import Proxy

/// A real server on loopback whose answers the test writes.
final class ScriptedServer: Sendable {
    struct Seen: Sendable {
        var method: String
        var path: String
        var headers: [String: String]
        var body: JSON
    }
    typealias Script = @Sendable (Seen) async throws -> Response
    let port: Int
    private let seen = Locking.Mutex<[Seen]>([])
    private let accepted = Atomic(0)
    private let running: Locking.Mutex<Task<Void, any Error>?>

    init(_ script: @escaping Script) throws {
        let (listener, port) = try ListeningSocket.bind(host: "127.0.0.1", port: 0)
        self.port = port
        running = Locking.Mutex(nil)
        let responder = CallbackResponder<BasicRequestContext> { [weak self] request, _ in
            let body = try await request.collectedBody(upTo: 1 << 20) ?? ByteBuffer()
            let headers = Dictionary(request.headers.map { ($0.name.canonicalName, $0.value) }, uniquingKeysWith: { first, _ in first })
            let json = try? JSON(parsing: Array(body.readableBytesView))
            let seen = Seen(method: request.method.rawValue, path: request.uri.path, headers: headers, body: json ?? .null)
            self?.seen.withLock { $0.append(seen) }
            return try await script(seen)
        }
        let service = HTTPService(
            listeners: [listener], responder: responder, logger: quiet,
            onConnection: { [weak self] _ in _ = self?.accepted.add(1, ordering: .relaxed) })
        running.withLock { $0 = Task { try await service.run() } }
    }

    deinit { running.withLock { $0 }?.cancel() }

    /// Connections so far.
    var connections: Int { accepted.load(ordering: .relaxed) }
    var base: String { "http://127.0.0.1:\(port)/v1" }
    func count(_ path: String) -> Int { seen.withLock { $0.count { $0.path == path } } }
    func last(_ path: String) -> Seen? { seen.withLock { $0.last { $0.path == path } } }
}

let quiet: Logger = {
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    return logger
}()

/// A whole proxy in front of scripted servers.
struct ProxyUnderTest {
    let assembly: ProxyAssembly
    let client: UpstreamClient
    let port: Int
    private let running: Task<Void, any Error>

    static func run(
        _ settings: ProxySettings, secrets: [String: String] = [:], lease: CInt? = nil, bodyTimeout: Duration = .seconds(540),
        _ body: (ProxyUnderTest) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("proxy-tests-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var settings = settings
        settings.directories.cache = .absolute(folder)
        let client = UpstreamClient(limits: settings.limits)
        let launch = ProxyLaunch(settings: settings, roots: [:], secrets: secrets, listeners: [], probeListeners: [], lease: lease)
        // On a machine with much other work a scripted server answers late.
        let workers = WorkerKnowledge(client: client, modelTimeout: .seconds(540))
        let assembly = try await ProxyAssembly(launch, client: client, workers: workers, logger: quiet)
        let (listener, port) = try ListeningSocket.bind(host: "127.0.0.1", port: 0)
        let responder = ProxyResponder(assembly, asksForToken: true, bodyTimeout: bodyTimeout)
        let service = HTTPService(listeners: [listener], responder: responder, logger: quiet)
        let proxy = ProxyUnderTest(assembly: assembly, client: client, port: port, running: Task { try await service.run() })
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(proxy))
        } catch {
            result = .failure(error)
        }
        proxy.running.cancel()
        _ = await proxy.running.result
        assembly.generations.cancelAll()
        try await client.shutdown()
        try result.get()
    }

    struct Answer {
        var status: Int
        var headers: [String: String]
        var text: String
        var json: JSON { (try? JSON(parsing: text)) ?? .null }
    }

    /// What was counted, once `line` is: an answer is counted when it is over, which its client may see a moment before.
    func metrics(with line: String) async throws -> String {
        try await eventually { assembly.metrics.text.contains(line) }
        return assembly.metrics.text
    }

    func post(_ body: JSON, to path: String = "/v1/messages", headers: [String: String] = [:]) async throws -> Answer {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path)")
        request.method = .POST
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        request.body = .bytes(ByteBuffer(bytes: body.bytes))
        return try await send(request)
    }

    func get(_ path: String, headers: [String: String] = [:]) async throws -> Answer {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path)")
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        return try await send(request)
    }

    private func send(_ request: HTTPClientRequest) async throws -> Answer {
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(540))
        let body = try await response.body.collect(upTo: 1 << 20)
        let headers = Dictionary(response.headers.map { ($0.name.lowercased(), $0.value) }, uniquingKeysWith: { first, _ in first })
        return Answer(status: Int(response.status.code), headers: headers, text: String(buffer: body))
    }

    static func settings(
        _ backend: ProxySettings.Backend, fallback: [ProxySettings.Backend] = [], token: String? = nil, limits: ProxySettings.Limits = .init(),
        retry: ProxySettings.Retry = .init(attempts: 3, initialMs: 2, maxMs: 4000), breaker: ProxySettings.Breaker? = nil
    ) -> ProxySettings {
        ProxySettings(
            backends: [backend] + fallback, defaultBackend: backend.name, fallback: fallback.isEmpty ? nil : fallback.map(\.name), authToken: token,
            limits: limits, retry: retry, breaker: breaker,
            directories: .init(cache: .absolute("/nonexistent"), logs: .absolute("/nonexistent")))
    }

    static func request(_ text: String = "hi", _ more: JSONObject = [:]) -> JSON {
        var body: JSONObject = ["model": "m", "max_tokens": 9, "messages": [["role": "user", "content": .string(text)]]]
        for member in more.members { body[member.key] = member.value }
        return .object(body)
    }
}

/// What a native worker says.
enum Worker {
    static func capabilities(_ fingerprint: String? = nil, inlineSystem: Bool = true) throws -> Response {
        let capabilities = Native.Capabilities(
            model: "m", contextWindow: 4096, inlineSystem: inlineSystem, toolDialect: nil, reasoning: false, vocabSize: 9, fingerprint: fingerprint)
        return Answers.json(try JSON(encoding: capabilities))
    }

    static func chunk(_ delta: JSON, finish: JSON = .null) -> [UInt8] {
        let json: JSON = [
            "id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m",
            "choices": [["index": 0, "delta": delta, "finish_reason": finish]],
        ]
        return json.bytes
    }

    static let start = chunk(["role": "assistant", "content": ""])

    static func answer(_ text: String, fingerprint: String? = nil, usage: JSON? = nil) -> Response {
        var response = ServerSentEvents.response { writer in
            try await writer.event(data: start)
            try await writer.event(data: chunk(["content": .string(text)]))
            try await writer.event(data: chunk([:], finish: "stop"))
            if let usage {
                let json: JSON = ["id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [], "usage": usage]
                try await writer.event(data: json.bytes)
            }
            try await writer.event(data: Array("[DONE]".utf8))
        }
        if let fingerprint { response.headers.set(Native.modelHeader, fingerprint) }
        return response
    }

    /// It has taken the request up, and dies before it has read the prompt.
    static func death() -> Response {
        ServerSentEvents.response { writer in
            try await writer.event(data: start)
            throw CancellationError()
        }
    }

    static func status(_ status: Int) -> Response { Answers.json(["error": ["message": "no"]], status: .init(code: status)) }
}

/// The other end of the descriptor `lease`.
final class FakeSupervisor: Sendable {
    let theirs: CInt
    private let own: CInt

    /// - Parameter reply: to each acquire, by its number from 0 on.
    init(_ reply: @escaping @Sendable (Int, LeaseRequest) -> LeaseReply?) throws {
        var pair: [CInt] = [0, 0]
        try #require(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &pair) == 0)
        own = pair[0]
        theirs = pair[1]
        let descriptor = own
        DispatchQueue(label: "supervisor").async {
            var line: [UInt8] = []
            var byte: UInt8 = 0
            var number = 0
            while recv(descriptor, &byte, 1, 0) == 1 {
                guard byte == 0x0A else {
                    line.append(byte)
                    continue
                }
                defer { line = [] }
                guard let request: LeaseRequest = try? JSON(parsing: line).decode(), request.operation == .acquire else { continue }
                if let reply = reply(number, request), let json = try? JSON(encoding: reply) {
                    let bytes = json.bytes + [0x0A]
                    _ = Glibc.send(descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL))
                }
                number += 1
            }
            close(descriptor)
        }
    }

    deinit { shutdown(own, CInt(SHUT_RDWR)) }

    /// What the proxy did not ask for at this moment.
    func send(_ reply: LeaseReply) {
        guard let json = try? JSON(encoding: reply) else { return }
        let bytes = json.bytes + [0x0A]
        _ = Glibc.send(own, bytes, bytes.count, CInt(MSG_NOSIGNAL))
    }
}

/// A plain socket, for what no HTTP client does.
final class RawClient: Sendable {
    private let descriptor: CInt

    /// - Parameter window: bytes that it takes before it reads; nil leaves that to the system.
    init(port: Int, window: CInt? = nil) throws {
        descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        if var window { setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &window, socklen_t(MemoryLayout<CInt>.size)) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        try #require(result == 0)
        var limit = timeval(tv_sec: 540, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    func send(_ text: String) {
        let bytes = Array(text.utf8)
        #expect(Glibc.send(descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL)) == bytes.count)
    }

    /// The server may close the connection before it has all.
    func sendAsFarAsItGoes(_ text: String) {
        let bytes = Array(text.utf8)
        _ = Glibc.send(descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL))
    }

    /// What was received, up to and with `end`.
    func read(until end: String) async -> String { String(decoding: await bytes(until: end), as: UTF8.self) }

    /// A large answer, to `end` or the connection's.
    func all(until end: String) async -> [UInt8] {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async { [self] in
                var received: [UInt8] = []
                var part = [UInt8](repeating: 0, count: 64 << 10)
                while !received.suffix(end.utf8.count).elementsEqual(end.utf8) {
                    let count = recv(descriptor, &part, part.count, 0)
                    guard count > 0 else { break }
                    received += part[..<count]
                }
                continuation.resume(returning: received)
            }
        }
    }

    /// So many bytes of what comes.
    func bytes(_ count: Int) async -> [UInt8] {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async { [self] in
                var received = [UInt8](repeating: 0, count: count)
                continuation.resume(returning: Array(received.prefix(max(0, recv(descriptor, &received, count, CInt(MSG_WAITALL))))))
            }
        }
    }

    func bytes(until end: String) async -> [UInt8] {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async { [self] in
                var received: [UInt8] = []
                var byte: UInt8 = 0
                while !received.suffix(end.utf8.count).elementsEqual(end.utf8), recv(descriptor, &byte, 1, 0) == 1 { received.append(byte) }
                continuation.resume(returning: received)
            }
        }
    }
}
