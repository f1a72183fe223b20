import Foundation
import Glibc
import Testing

extension IntegrationTests {
    /// A server whose descriptors are used up by its clients.
    @Suite struct DescriptorTests {
        @Test(arguments: ["proxy", "vllm-mlx"])
        func aServerWithoutDescriptorsServesOnAndAgain(name: String) throws {
            let stack = try Stack()
            try stack.write(".anyclauderc.yaml", Stack.quickstart)
            try #require(try stack.anyclaude("apply").status == 0)
            let pid = pid_t(try #require(try stack.service(name).pid))
            let port = name == "proxy" ? stack.port : stack.workerPort
            let early = try Connection(port: port)
            #expect(early.ask() == 200)
            let clock = ContinuousClock()
            let full = clock.now
            try Self.leave(12, to: pid)
            let crowd = try (0..<60).map { _ in try Connection(port: port) }
            try stack.wait(for: "\(name) to be without descriptors") { try Self.isFull(pid) }
            // Who waits in the queue makes the listener readable all the time: nothing may turn on that.
            let (before, begin) = (try Self.processorTime(pid), clock.now)
            repeat {
                #expect(early.ask() == 200, "an early client is served all the while")
                usleep(100_000)
            } while clock.now - begin < .seconds(2)
            let share = (try Self.processorTime(pid) - before) / ((clock.now - begin) / .seconds(1))
            #expect(share < 0.25, "of a processor, for nothing")
            let last = try Connection(port: port)
            for connection in crowd { connection.leave() }
            #expect(last.ask() == 200, "who waited is served when there is room")
            #expect(try Connection(port: port).ask() == 200)
            let service = try stack.service(name)
            #expect(service.pid == Int(pid) && service.restarts == 0)
            let log = try String(contentsOfFile: "\(stack.home)/logs/\(name).log", encoding: .utf8)
            let told = log.components(separatedBy: "no connection can be accepted for now").count - 1
            // Each ten seconds at most.
            #expect(told >= 1 && told <= 1 + Int((clock.now - full) / .seconds(10)), "\(log)")
        }

        /// Allows the process so many more than it has.
        private static func leave(_ count: Int, to pid: pid_t) throws {
            let highest = try descriptors(pid).max() ?? 0
            let limit = rlim_t(highest + 1 + count)
            let run = try ProgramRun.run("prlimit", ["--pid", "\(pid)", "--nofile=\(limit):\(limit)"])
            try #require(run.status == 0, "\(run.errors)")
        }

        private static func isFull(_ pid: pid_t) throws -> Bool {
            let limits = try String(contentsOfFile: "/proc/\(pid)/limits", encoding: .utf8)
            let line = try #require(limits.split(separator: "\n").first { $0.hasPrefix("Max open files") })
            let limit = try #require(line.split(separator: " ").compactMap { Int($0) }.first)
            return try descriptors(pid).count == limit
        }

        private static func descriptors(_ pid: pid_t) throws -> [Int] {
            try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").compactMap { Int($0) }
        }

        /// Seconds of a processor that it has used (proc_pid_stat(5), fields 14 and 15).
        private static func processorTime(_ pid: pid_t) throws -> Double {
            let stat = try String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
            let fields = stat[(try #require(stat.lastIndex(of: ")")))...].split(separator: " ")
            return (try #require(Double(fields[12])) + (try #require(Double(fields[13])))) / Double(sysconf(Int32(_SC_CLK_TCK)))
        }
    }
}

/// A connection that is kept.
private final class Connection {
    private let descriptor: Int32

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        try #require(result == 0)
        // A bound for hangs.
        var limit = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    func leave() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// The status of `/health`; nil where no answer comes.
    func ask() -> Int? {
        let request = Array("GET /health HTTP/1.1\r\nhost: x\r\n\r\n".utf8)
        guard send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else { return nil }
        var received = ""
        var buffer = [UInt8](repeating: 0, count: 4096)
        // The body is one of JSON, and the answer's end.
        while !received.contains("\r\n\r\n") || !received.hasSuffix("}") {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            received += String(decoding: buffer[..<count], as: UTF8.self)
        }
        return received.split(separator: " ").dropFirst().first.flatMap { Int($0) }
    }
}
