import Foundation
import Glibc
import Testing

extension IntegrationTests {
    /// A service becomes ready while its supervisor is away, dead, or does not listen: it serves, and its log says what was not heard.
    @Suite struct UnheardTests {
        enum Supervisor: CaseIterable { case absent, dead, deaf }

        @Test(arguments: ["anyclaude-proxy", "anyclaude-runtime"], Supervisor.allCases)
        func itServesAllTheSame(program: String, supervisor: Supervisor) throws {
            let stack = try Stack()
            let path = "\(stack.folder)/notify"
            let ear = supervisor == .absent ? nil : try NotifySocket(path)
            if supervisor == .dead { ear?.close() }
            if supervisor == .deaf { try ear?.fill() }
            var environment = stack.environment
            environment["NOTIFY_SOCKET"] = path
            let model = ["--model", TestEnvironment.demoModel]
            let arguments = program == "anyclaude-runtime" ? model : ["--settings", try stack.write("settings.json", Self.settings)]
            let child = try SpawnedProgram(program, arguments + ["--port", "\(stack.port)"], environment: environment)
            try stack.wait(for: "\(program) to be well") {
                try ProgramRun.run("curl", ["-sf", "-m", "5", "\(stack.baseURL)/health"]).status == 0
            }
            if supervisor == .deaf {
                // It begins to listen again: the one word that counts comes still.
                try stack.wait(for: "READY=1") { ear?.take()?.hasPrefix("READY=1\n") == true }
            }
            child.kill(SIGTERM)
            let status = child.exchange([], until: .now + .seconds(60))
            let log = String(decoding: child.errors, as: UTF8.self)
            #expect(status == 0, "\(log)")
            #expect(log.components(separatedBy: "cannot notify the supervisor").count == 2, "once, not for each word: \(log)")
        }

        /// Of a proxy by itself, whose only backend is not there.
        static let settings = """
            {"backends": [{"api": "openai", "dialect": "generic", "name": "w", "target": {"url": {"base": "http://127.0.0.1:9/v1"}}}],
             "default_backend": "w", "directories": {"cache": "/nonexistent", "logs": "/nonexistent"},
             "limits": {"first_byte_timeout_ms": 1000, "idle_timeout_ms": 1000, "max_body_bytes": 1000, "max_concurrent": 9, "ping_ms": 1000},
             "prompt_cache": {"enabled": false, "max_bytes": 0}, "response_cache": {"enabled": false, "max_bytes": 0, "ttl_ms": 0}, "routes": []}
            """
    }
}

/// The datagram socket behind NOTIFY_SOCKET.
private final class NotifySocket {
    private let path: String
    private var descriptor: Int32

    init(_ path: String) throws {
        self.path = path
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        try #require(Self.withAddress(path) { bind(descriptor, $0, $1) } == 0)
    }

    deinit { close() }

    func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }

    /// Until it takes no more.
    func fill() throws {
        let sender = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        defer { Glibc.close(sender) }
        var count = 0
        while Self.withAddress(path, { sendto(sender, "x", 1, Int32(MSG_DONTWAIT), $0, $1) }) == 1 { count += 1 }
        try #require(count > 0 && errno == EAGAIN)
    }

    /// The next word; nil where none is there.
    func take() -> String? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        return count < 0 ? nil : String(decoding: buffer[..<count], as: UTF8.self)
    }

    private static func withAddress<Result>(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8).prefix(107)) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
    }
}
