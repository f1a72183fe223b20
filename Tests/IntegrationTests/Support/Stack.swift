import Control
import Foundation
import JSON
import Testing

/// A stack of its own for one test: a folder with a configuration, a home below it, ports that were free.
final class Stack {
    let folder: String
    let port: Int
    let workerPort: Int
    var environment: [String: String]

    var baseURL: String { "http://127.0.0.1:\(port)" }
    var home: String { "\(folder)/home" }

    init() throws {
        // Short, since a Unix socket's path has at most 107 bytes.
        folder = "/tmp/ac-\(UUID().uuidString.prefix(8).lowercased())"
        try FileManager.default.createDirectory(atPath: "\(folder)/home", withIntermediateDirectories: true)
        port = try Self.freePort()
        workerPort = try Self.freePort()
        environment = [
            "PATH": "\(TestEnvironment.programs ?? ""):/usr/local/bin:/usr/bin:/bin", "HOME": folder, "ANYCLAUDE_HOME": "\(folder)/home",
            "LANG": "C.UTF-8",
        ]
    }

    deinit {
        _ = try? anyclaude("down")
        if ProcessInfo.processInfo.environment["ANYCLAUDE_TEST_KEEP"] != nil { return }
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Writes a file of the configuration's folder; `PORT`, `WORKER` and `MODEL` in it stand for this stack's own.
    @discardableResult
    func write(_ name: String = ".anyclauderc.yaml", _ text: String, mode: Int = 0o644) throws -> String {
        let path = "\(folder)/\(name)"
        try FileManager.default.createDirectory(atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        let text = text.replacing("@PORT@", with: "\(port)").replacing("@WORKER@", with: "\(workerPort)").replacing(
            "@MODEL@", with: TestEnvironment.demoModel)
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        return path
    }

    /// The CLI, in the configuration's folder.
    func anyclaude(_ arguments: String..., input: String? = nil, limit: Double = 120) throws -> ProgramRun {
        try ProgramRun.run("anyclaude", arguments, environment: environment, directory: folder, input: input, limit: limit)
    }

    func status() throws -> StatusReport {
        let run = try anyclaude("status", "--json")
        try #require(run.status == 0, "\(run.errors)")
        return try JSON(parsing: run.output).decode(StatusReport.self)
    }

    func service(_ name: String) throws -> ServiceStatus {
        try #require(try status().services.first { $0.name == name })
    }

    /// Polls until `condition` holds; `limit` seconds bound a hang.
    func wait(for what: String, limit: Double = 60, until condition: () throws -> Bool) throws {
        let deadline = Date(timeIntervalSinceNow: limit)
        while try !condition() {
            guard Date() < deadline else { throw ProgramRun.TimedOut(description: "waited \(limit) s for: \(what)\n\(supervisorLog)") }
            usleep(20_000)
        }
    }

    var supervisorLog: String { (try? String(contentsOfFile: "\(home)/logs/supervisor.log", encoding: .utf8)) ?? "(no supervisor.log)" }

    /// One HTTP exchange through curl.
    func curl(_ path: String, _ arguments: String..., body: String? = nil) throws -> (status: Int, body: String) {
        var all = ["-sS", "-m", "60", "-w", "\n%{http_code}", baseURL + path] + arguments
        if body != nil { all += ["-H", "content-type: application/json", "-H", "anthropic-version: 2023-06-01", "--data-binary", "@-"] }
        let run = try ProgramRun.run("curl", all, input: body)
        try #require(run.status == 0, "\(run.errors)")
        let end = run.output.lastIndex(of: "\n") ?? run.output.startIndex
        return (Int(run.output[end...].trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0, String(run.output[..<end]))
    }

    /// The text of a short answer of the model, through `/v1/messages`.
    func ask(_ text: String = "Hello") throws -> (status: Int, text: String) {
        let body: JSON = [
            "model": "claude-local", "max_tokens": 40, "temperature": 0, "messages": [["role": "user", "content": .string(text)]],
        ]
        let answer = try curl("/v1/messages", body: body.text)
        let json = try? JSON(parsing: answer.body)
        return (answer.status, json?["content"]?[0]?["text"]?.stringValue ?? answer.body)
    }

    static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        try #require(result)
        return Int(UInt16(bigEndian: address.sin_port))
    }

    static let quickstart = """
        backend: vllm-mlx
        probation: 200ms
        proxy: { port: @PORT@ }
        backends:
          vllm-mlx:
            engine: native
            port: @WORKER@
            model: @MODEL@
            contextWindow: 8192
            replace: overlap
            cache: { enable_cache: true, cache_slots: 10, min_tokens_for_cache: 16, maxBytes: 256MiB }
            health: { startup: { http: /health, timeout: 60s } }
        """
}
