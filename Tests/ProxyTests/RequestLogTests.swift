import Foundation
import JSON
import LaunchPlan
import Serving
import Testing

@testable import Proxy

/// A line for each request, and what is not in it.
@Suite(.timeLimit(.minutes(10))) struct RequestLogTests {
    /// A folder that goes with the test.
    final class Folder: Sendable {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("proxy-records-\(UUID().uuidString)").path
        init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
        deinit { try? FileManager.default.removeItem(atPath: path) }

        func text(_ name: String) -> String { (try? String(contentsOfFile: "\(path)/\(name)", encoding: .utf8)) ?? "" }
        func lines(_ name: String) -> [JSON] { text(name).split(separator: "\n").map { (try? JSON(parsing: String($0))) ?? .null } }
    }

    static func logged(
        _ backend: ProxySettings.Backend, token: String? = nil, until count: Int, _ body: (ProxyUnderTest) async throws -> Void
    ) async throws -> (lines: [JSON], text: String) {
        let folder = try Folder()
        var settings = ProxyUnderTest.settings(backend, token: token.map { _ in "t" })
        settings.directories.logs = .absolute(folder.path)
        settings.requestLog = .init()
        var secrets: [String: String] = [:]
        secrets["t"] = token
        secrets["k"] = "sk-of-the-backend"
        try await ProxyUnderTest.run(settings, secrets: secrets) { proxy in
            try await body(proxy)
            try await eventually { folder.lines("requests.jsonl").count >= count }
        }
        let mode = try FileManager.default.attributesOfItem(atPath: "\(folder.path)/requests.jsonl")[.posixPermissions] as? Int
        #expect(mode == 0o600)
        return (folder.lines("requests.jsonl"), folder.text("requests.jsonl"))
    }

    private static func backend(_ server: ScriptedServer) -> ProxySettings.Backend {
        .init(name: "b", api: .openai, dialect: "generic", target: .url(base: server.base), model: "real-model", apiKey: "k")
    }

    @Test func aLineSaysWhatARequestWas() async throws {
        let server = try ScriptedServer { _ in
            Worker.answer(
                "an answer nobody logs",
                usage: [
                    "prompt_tokens": 40, "completion_tokens": 3, "total_tokens": 43, "prompt_tokens_details": ["cached_tokens": 30], "cost": 0.00125,
                ])
        }
        let headers = ["x-claude-code-session-id": "5f0c-1", "x-claude-code-agent-id": "not an id: it has words"]
        let (lines, text) = try await Self.logged(Self.backend(server), until: 1) { proxy in
            let request = ProxyUnderTest.request(
                "a prompt nobody logs", ["stream": true, "tools": [["name": "t", "input_schema": ["type": "object"]]]])
            let status = try await proxy.post(request, to: "/v1/messages?beta=true", headers: headers).status
            #expect(status == 200)
        }
        let line = try #require(lines.first)
        #expect(line["request"]?.stringValue?.hasPrefix("req_") == true && line["path"]?.stringValue == "/v1/messages")
        #expect(line["time"]?.stringValue?.wholeMatch(of: /20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d\d\dZ/) != nil)
        #expect(line["session"]?.stringValue == "5f0c-1" && line["agent"] == nil)
        #expect(line["model"]?.stringValue == "m" && line["answered_by"]?.stringValue == "real-model" && line["backend"]?.stringValue == "b")
        #expect(line["status"]?.intValue == 200 && line["outcome"]?.stringValue == "answered" && line["stream"]?.boolValue == true)
        #expect(line["tokens"] == ["input": 40, "output": 3, "cached": 30] && line["stop_reason"]?.stringValue == "end_turn")
        #expect(line["cost"]?.doubleValue == 0.00125)
        #expect(line["cache"] == ["response": "miss", "prompt": "miss"] && line["retries"]?.intValue == 0)
        let (first, total) = (line["first_byte_ms"]?.doubleValue ?? -1, line["total_ms"]?.doubleValue ?? -1)
        #expect(first > 0 && total >= first && line["bytes_in"]?.intValue ?? 0 > 50 && line["bytes_out"]?.intValue ?? 0 > 200)
        for word in ["nobody", "words", "sk-of-the-backend"] { #expect(!text.contains(word), "\(word)") }
    }

    /// Two that wait for one answer have paid for one.
    @Test func anAnswerIsPaidForOnce() async throws {
        let opening = Observed(false)
        let server = try ScriptedServer { _ in
            if !opening.value { await opening.change(after: 0) }
            return Worker.answer("hello", usage: ["prompt_tokens": 40, "completion_tokens": 3, "cost": 0.5])
        }
        let (lines, _) = try await Self.logged(Self.backend(server), until: 2) { proxy in
            defer { opening.set(true) }
            @Sendable func ask() async throws -> Int {
                try await proxy.post(ProxyUnderTest.request("hi", ["stream": true]), headers: ["x-claude-code-session-id": "s"]).status
            }
            async let first = ask()
            try await eventually { proxy.assembly.generations.running == 1 }
            async let second = ask()
            try await eventually { proxy.assembly.metrics.cache("response", "join") == 1 }
            opening.set(true)
            #expect(try await [first, second] == [200, 200])
        }
        #expect(Set(lines.map { $0["cache"]?["response"]?.stringValue }) == ["miss", "join"])
        for line in lines {
            #expect(line["tokens"]?["output"] == 3 && line["cost"]?.doubleValue == (line["cache"]?["response"] == "miss" ? 0.5 : nil), "\(line)")
        }
    }

    @Test func errorsAreLinesToo() async throws {
        let server = try ScriptedServer { _ in Worker.status(500) }
        let (lines, text) = try await Self.logged(Self.backend(server), token: "s3cret-token", until: 3) { proxy in
            let statuses = [
                try await proxy.post(ProxyUnderTest.request(), headers: ["x-api-key": "wrong-one"]).status,
                try await proxy.post(["model": "m"], headers: ["x-api-key": "s3cret-token"]).status,
                try await proxy.post(ProxyUnderTest.request(), headers: ["x-api-key": "s3cret-token"]).status,
                try await proxy.get("/health").status,
            ]
            #expect(statuses == [401, 400, statuses[2], 200] && statuses[2] >= 500)
        }
        #expect(lines.map { $0["status"]?.intValue }.prefix(2) == [401, 400] && lines.count == 3)
        #expect(lines.map { $0["error"]?.stringValue } == ["authentication_error", "invalid_request_error", "api_error"])
        #expect(lines.allSatisfy { $0["outcome"]?.stringValue == "error" })
        #expect(!text.contains("s3cret-token") && !text.contains("wrong-one"))
    }

    @Test func aClientThatLeavesIsALine() async throws {
        let (gate, open) = AsyncStream<Void>.makeStream()
        defer { open.finish() }
        let server = try ScriptedServer { _ in
            ServerSentEvents.response { writer in
                try await writer.event(data: Worker.start)
                try await writer.event(data: Worker.chunk(["content": "so far"]))
                for await _ in gate {}
            }
        }
        let (lines, _) = try await Self.logged(Self.backend(server), until: 1) { proxy in
            let body = ProxyUnderTest.request("hi", ["stream": true]).text
            var client: RawClient? = try RawClient(port: proxy.port)
            client?.send("POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)")
            #expect(await client?.read(until: "so far").contains("so far") == true)
            client = nil
        }
        #expect(lines.first?["outcome"]?.stringValue == "left" && lines.first?["status"]?.intValue == 200)
    }
}

@Suite(.timeLimit(.minutes(10))) struct RecordFileTests {
    private static func line(_ number: Int) -> [UInt8] { Array("{\"line\": \(number), \"more\": \"\(String(repeating: "x", count: 40))\"}\n".utf8) }

    /// Two proxies write while one drains: whole lines, each once, in files of bounded size.
    @Test func twoWritersShareTheFiles() throws {
        let folder = try RequestLogTests.Folder()
        let path = "\(folder.path)/r.jsonl"
        let writers = (0..<2).map { _ in RotatingFile(path: path, maximumBytes: 1000, oldFiles: 50) }
        for number in 0..<200 { #expect(writers[number % 3 == 0 ? 1 : 0].append(Self.line(number)) == 0) }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(names.count > 5)
        let lines = names.flatMap { folder.lines($0) }
        #expect(lines.compactMap { $0["line"]?.intValue }.sorted() == Array(0..<200))
        for name in names { #expect(folder.text(name).utf8.count <= 1000) }
    }

    @Test func oldFilesGo() throws {
        let folder = try RequestLogTests.Folder()
        let file = RotatingFile(path: "\(folder.path)/r.jsonl", maximumBytes: 200, oldFiles: 2)
        for number in 0..<50 { #expect(file.append(Self.line(number)) == 0) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["r.jsonl", "r.jsonl.1", "r.jsonl.2"])
        #expect(folder.lines("r.jsonl").last?["line"]?.intValue == 49)
    }

    @Test func whatDoesNotFitIsCounted() async throws {
        let folder = try RequestLogTests.Folder()
        let writer = LineWriter("\(folder.path)/r.jsonl", maximumBytes: 4096, oldFiles: 1, limit: 300, logger: quiet)
        for _ in 0..<5 { writer.add(size: 100) { Array("{}".utf8) } }
        #expect(writer.dropped == 2)
        try await eventually { folder.lines("r.jsonl").count == 3 }
        writer.add(size: 1) { [UInt8](repeating: 0x20, count: 5000) }
        try await eventually { writer.dropped == 3 }
    }

    @Test func aFolderThatIsNotThereCostsLinesAlone() async throws {
        let writer = LineWriter("/nonexistent/r.jsonl", maximumBytes: 4096, oldFiles: 1, limit: 300, logger: quiet)
        writer.add(size: 1) { Array("{}".utf8) }
        try await eventually { writer.dropped == 1 }
    }
}

extension RequestLogTests {
    /// The API's own answers pass unchanged, and tell what they were all the same.
    @Test(arguments: [true, false]) func whatPassesThroughIsCounted(streams: Bool) async throws {
        let usage: JSON = ["input_tokens": 7, "cache_read_input_tokens": 90, "output_tokens": 1]
        let events: [(String, JSON)] = [
            ("message_start", ["type": "message_start", "message": ["model": "claude-real", "usage": usage]]),
            ("content_block_delta", ["type": "content_block_delta", "delta": ["text": "secret words"]]),
            ("message_delta", ["type": "message_delta", "delta": ["stop_reason": "end_turn"], "usage": ["output_tokens": 12]]),
            ("message_stop", ["type": "message_stop"]),
        ]
        let whole: JSON = [
            "type": "message", "model": "claude-real", "stop_reason": "end_turn", "content": [["type": "text", "text": "secret words"]],
            "usage": ["input_tokens": 7, "cache_read_input_tokens": 90, "output_tokens": 12],
        ]
        let api = try ScriptedServer { _ in
            guard streams else { return Answers.json(whole) }
            return ServerSentEvents.response { writer in
                for (name, data) in events { try await writer.event(name, data: data.bytes) }
            }
        }
        let (lines, text) = try await Self.logged(EndpointTests.claude("http://127.0.0.1:\(api.port)"), until: 1) { proxy in
            _ = try await proxy.post(ProxyUnderTest.request("hi", ["stream": .bool(streams)]), headers: ["x-api-key": "sk-mine-0001"])
        }
        let line = try #require(lines.first)
        #expect(line["tokens"] == ["input": 97, "output": 12, "cached": 90] && line["answered_by"]?.stringValue == "claude-real")
        #expect(line["stop_reason"]?.stringValue == "end_turn" && line["outcome"]?.stringValue == "answered")
        #expect(!text.contains("secret words") && !text.contains("sk-mine"))
    }
}
