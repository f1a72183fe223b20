import Glibc
import Locking
import Logging
import Testing

@testable import Serving

/// A service's word to a supervisor that is away, or does not listen.
@Suite(.timeLimit(.minutes(5))) final class SupervisorReportsTests {
    private let folder: String
    private let path: String
    private let log = Log()
    private let reports: SupervisorReports

    init() throws {
        var template = Array("/tmp/anyclaude-test-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        path = "\(folder)/notify"
        reports = SupervisorReports(to: path, logger: log.logger)
    }

    deinit {
        unlink(path)
        rmdir(folder)
    }

    @Test func whoIsAwayIsNotedOnce() {
        for percent in 0...100 { reports.status("loading: \(percent) %") }
        reports.ready(status: "serving")
        #expect(log.lines == ["cannot notify the supervisor: No such file or directory"])
    }

    /// As it is after a SIGKILL: the path is there, and nobody behind it.
    @Test func whoHasDiedIsNotedOnce() throws {
        close(try receiver())
        reports.ready(status: "serving")
        reports.stopping()
        #expect(log.lines == ["cannot notify the supervisor: Connection refused"])
        // The next one makes its own socket in that place.
        let successor = try receiver()
        defer { close(successor) }
        reports.status("a word")
        #expect(take(successor) == "STATUS=a word")
        close(try receiver())
        reports.status("another")
        #expect(log.lines.count == 2, "told since, and away again")
    }

    @Test func nobodyAsked() {
        SupervisorReports(to: nil, logger: log.logger).ready(status: "serving")
        #expect(log.lines.isEmpty)
    }

    @Test func aPathThatIsNoneIsNoted() {
        SupervisorReports(to: String(repeating: "x", count: 200), logger: log.logger).ready(status: "serving")
        #expect(log.lines == ["NOTIFY_SOCKET is not a usable socket address"])
    }

    /// More than any queue holds (net.unix.max_dgram_qlen), to one who does not read: nobody waits for him, and READY=1 comes all the same.
    @Test func whoDoesNotReadIsNotWaitedFor() async throws {
        let receiver = try receiver()
        defer { close(receiver) }
        var sent = 0
        while reports.status("word \(sent)") {
            sent += 1
            try #require(sent < 100_000, "its queue is never full")
        }
        #expect(log.lines.isEmpty, "a later one would say more")
        reports.ready(status: "serving")
        #expect(log.lines == ["cannot notify the supervisor: Resource temporarily unavailable"])
        var words: [String] = []
        while words.last?.hasPrefix("READY=1") != true {
            if let word = take(receiver) { words.append(word) } else { try await Task.sleep(for: .milliseconds(5)) }
        }
        #expect(words == (0..<sent).map { "STATUS=word \($0)" } + ["READY=1\nSTATUS=serving"])
    }

    // MARK: the supervisor

    private func receiver() throws -> CInt {
        unlink(path)
        let descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
        try #require(result == 0)
        return descriptor
    }

    /// Nil where nothing is there.
    private func take(_ descriptor: CInt) -> String? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &buffer, buffer.count, CInt(MSG_DONTWAIT))
        return count < 0 ? nil : String(decoding: buffer[..<count], as: UTF8.self)
    }
}

/// The messages of a logger.
private final class Log: Sendable {
    private let kept = Mutex<[String]>([])
    var lines: [String] { kept.withLock { $0 } }
    var logger: Logger { Logger(label: "test") { [self] _ in Handler(log: self) } }

    private struct Handler: LogHandler {
        let log: Log
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
        func log(event: LogEvent) { log.kept.withLock { $0.append("\(event.message)") } }
    }
}
