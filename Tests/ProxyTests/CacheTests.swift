import Foundation
import JSON
import LaunchPlan
import Messages
import Testing

@testable import Proxy

@Suite(.timeLimit(.minutes(10))) struct CacheTests {
    static func backend(_ name: String = "b", model: String? = nil) -> ResolvedBackend {
        ResolvedBackend(
            settings: .init(name: name, api: .openai, dialect: "generic", target: .url(base: "http://127.0.0.1:1/v1"), model: model),
            dialect: .generic,
            key: nil)
    }

    static func request(_ more: JSONObject = [:]) throws -> MessagesRequest {
        var body: JSONObject = ["model": "m", "max_tokens": 9, "temperature": 0, "messages": [["role": "user", "content": "hi"]]]
        for member in more.members { body[member.key] = member.value }
        return try MessagesRequest(.object(body))
    }

    static func key(
        _ more: JSONObject = [:], backend: ResolvedBackend = backend(), session: String? = nil, credential: String = ""
    ) throws -> RequestKey {
        RequestKey(try request(more), backend: backend, asker: .init(credential: credential, session: session))
    }

    @Test func whatChangesNoAnswerChangesNoKey() throws {
        let plain = try Self.key(["system": [["type": "text", "text": "s"]]])
        let same = try Self.key([
            "metadata": ["user_id": "u"], "stream": true,
            "system": [
                ["type": "text", "text": "x-anthropic-billing-header: cc_version=1;"],
                ["type": "text", "text": "s", "cache_control": ["type": "ephemeral"]],
            ],
        ])
        #expect(plain.digest == same.digest)
    }

    @Test(
        arguments: [["max_tokens": 10], ["temperature": 0.5], ["tools": [["name": "t", "input_schema": [:]]]], ["model": "n"], ["top_p": 1]]
            as [JSONObject])
    func whatChangesAnAnswerChangesItsKey(more: JSONObject) throws {
        #expect(try Self.key().digest != Self.key(more).digest)
    }

    /// Breakpoints are where the API has them; deeper, the word belongs to the conversation.
    @Test func aValueOfThatNameIsNoBreakpoint() throws {
        func call(_ input: JSON, _ result: JSON) throws -> String {
            let messages: JSON = [
                ["role": "user", "content": "hi"], ["role": "assistant", "content": [["type": "tool_use", "id": "t", "name": "f", "input": input]]],
                ["role": "user", "content": [["type": "tool_result", "tool_use_id": "t", "content": [result]]]],
            ]
            return try Self.key(["messages": messages]).digest
        }
        let text: JSON = ["type": "text", "text": "r"]
        let marked: JSON = ["type": "text", "text": "r", "cache_control": ["type": "ephemeral"]]
        #expect(try call(["cache_control": "no-store"], text) != call([:], text))
        #expect(try call([:], marked) == call([:], text))
        let tool: JSONObject = ["name": "t", "input_schema": ["type": "object"]]
        var breakpoint = tool
        breakpoint["cache_control"] = ["type": "ephemeral"]
        var schema = tool
        schema["input_schema"] = ["type": "object", "properties": ["cache_control": ["type": "string"]]]
        var none = tool
        none["input_schema"] = ["type": "object", "properties": [:]]
        #expect(try Self.key(["tools": [.object(tool)]]).digest == Self.key(["tools": [.object(breakpoint)]]).digest)
        #expect(try Self.key(["tools": [.object(schema)]]).digest != Self.key(["tools": [.object(none)]]).digest)
    }

    @Test func modelsDoNotShare() async throws {
        let folder = try Self.temporary()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let cache = try await Self.responses(folder)
        await cache.keep(Self.assembled(stop: .toolUse), for: try Self.key(), answeredBy: "a")
        #expect(await cache.find(try Self.key(), answeredBy: "a") != nil)
        #expect(await cache.find(try Self.key(), answeredBy: "b") == nil)
    }

    @Test func whatCannotBeToldIsAMiss() async throws {
        let folder = try Self.temporary()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let cache = try await Self.responses(folder)
        let store = try ResponseStore(path: folder + "/responses.sqlite3", maximumBytes: 10_000)
        let key = try Self.key()
        let message = #"{"content":[{"type":"hologram"}],"stop_reason":"end_turn"}"#
        try await store.save(message, for: key.digest(answeredBy: "a"), now: ResponseStore.nowMs, ttlMs: 60_000)
        #expect(await cache.find(key, answeredBy: "a") == nil)
        await cache.keep(Self.assembled(stop: .toolUse), for: key, answeredBy: "a")
        #expect(await cache.find(key, answeredBy: "a") != nil)
    }

    @Test func whatExpiredIsGoneAtTheNextStart() async throws {
        let folder = try Self.temporary()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = folder + "/r.sqlite3"
        try await ResponseStore(path: path, maximumBytes: 1000).save("old", for: "a", now: 1, ttlMs: 10)
        #expect(try await ResponseStore(path: path, maximumBytes: 1000).size().entries == 0)
    }

    @Test func backendsDoNotShare() throws {
        #expect(try Self.key().digest != Self.key(backend: Self.backend("c")).digest)
        #expect(try Self.key().digest != Self.key(backend: Self.backend(model: "other")).digest)
    }

    @Test func samplesAreSharedByOneAskerOnly() throws {
        let sampled: JSONObject = ["temperature": 1]
        #expect(try !Self.key(sampled).mayShare)
        #expect(try Self.key(sampled, session: "a").sharing != Self.key(sampled, session: "b").sharing)
        #expect(try Self.key(sampled, session: "a").mayShare)
        #expect(try Self.key(["thinking": ["type": "adaptive"]]).isDeterministic == false)
        #expect(try Self.key().isDeterministic)
    }

    /// An answer is never given to who shows another key than the one that asked for it.
    @Test func credentialsDoNotShare() throws {
        let (one, other) = (try Self.key(credential: "a"), try Self.key(credential: "b"))
        #expect(one.digest != other.digest && one.sharing != other.sharing)
        let sampled: JSONObject = ["temperature": 1]
        #expect(try Self.key(sampled, session: "s", credential: "a").sharing != Self.key(sampled, session: "s", credential: "b").sharing)
    }

    @Test func versionsOfTheAPIDoNotShare() throws {
        let keys = try ["2023-06-01", "2026-10-21", nil].map {
            RequestKey(try Self.request(), backend: Self.backend(), asker: .init(credential: ""), version: $0).digest
        }
        #expect(Set(keys).count == 3)
    }

    /// Side calls are kept where the settings say so, whatever they sample with.
    @Test func thePolicySaysWhatIsKept() throws {
        func isKept(_ more: JSONObject, isSideCall: Bool, _ policy: ProxySettings.ResponseCache.Policy?) throws -> Bool {
            RequestKey(try Self.request(more), backend: Self.backend(), asker: .init(credential: ""), isSideCall: isSideCall, policy: policy)
                .mayBeKept
        }
        let sampled: JSONObject = ["temperature": 1]
        #expect(try isKept([:], isSideCall: false, nil))
        #expect(try !isKept(sampled, isSideCall: true, nil))
        #expect(try !isKept(sampled, isSideCall: true, .deterministic))
        #expect(try isKept(sampled, isSideCall: true, .sideCalls))
        #expect(try !isKept(sampled, isSideCall: false, .sideCalls))
    }

    @Test func countsAreBoundedInNumberAndTime() {
        let memo = CountMemo(limit: 8)
        let now = ContinuousClock.now
        for index in 0..<20 { memo.keep(index, for: "\(index)", now: now) }
        #expect(memo.find("0", now: now) == nil && memo.find("19", now: now) == 19)
        #expect((0..<20).count { memo.find("\($0)", now: now) != nil } <= 8)
        #expect(memo.find("19", now: now + .seconds(24 * 3600)) == nil)
    }

    @Test func whatWasKeptAtOnceDoesNotExpireAtOnce() {
        let times = (0..<64).map { ResponseCache.spread(300_000, by: Digest.hex([UInt8($0)])) }
        #expect(times.allSatisfy { (270_000...300_000).contains($0) })
        #expect(Set(times).count > 32)
        #expect(ResponseCache.spread(300_000, by: "ffff") > 270_000 - 1)
    }

    @Test func clearingLeavesNothingOnDisk() async throws {
        let folder = try Self.temporary()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let store = try ResponseStore(path: folder + "/r.sqlite3", maximumBytes: 100_000)
        let secret = "what nobody is to find"
        for index in 0..<20 { try await store.save(secret, for: "k\(index)", now: 1, ttlMs: 1_000_000) }
        #expect(try await store.clear().entries == 20)
        #expect(try await store.size().entries == 0)
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
            let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/" + name))
            #expect(data.range(of: Data(secret.utf8)) == nil, "\(name)")
        }
    }

    @Test func thePromptCacheCountsAndKeepsItsBound() throws {
        let metrics = ProxyMetrics()
        let cache = PromptCache(.init(maxBytes: 1200), metrics: metrics)
        let backend = ResolvedBackend(settings: Self.backend().settings, dialect: .native, key: nil)
        let system = { (text: String) throws -> MessagesRequest in try Self.request(["system": .string(text)]) }
        let first = try cache.entry(for: system("a"), backend: backend)
        #expect(try cache.entry(for: system("a"), backend: backend).digest == first.digest)
        #expect(metrics.cache("prompt", "hit") == 1 && metrics.cache("prompt", "miss") == 1)
        #expect(first.digest == Digest.hex(Array(#"{"messages":[{"content":"a","role":"system"}],"tools":[]}"#.utf8)))
        for index in 0..<20 { _ = try cache.entry(for: system("text \(index)"), backend: backend) }
        #expect((cache.json["bytes"]?.intValue ?? .max) <= 1200)
        #expect((cache.json["entries"]?.intValue ?? 0) > 0)
        cache.clear()
        #expect(cache.json["entries"] == 0 && cache.json["bytes"] == 0)
    }

    static func temporary() throws -> String {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("proxy-tests-\(UUID().uuidString)").path
        try ResponseStore.prepare(folder)
        return folder
    }

    @Test func theStoreForgetsByTimeAndSize() async throws {
        let folder = try Self.temporary()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let store = try ResponseStore(path: folder + "/r.sqlite3", maximumBytes: 1000)
        try await store.save("answer", for: "a", now: 1000, ttlMs: 100)
        #expect(try await store.find("a", now: 1050)?.message == "answer")
        #expect(try await store.find("a", now: 1050)?.ageMs == 50)
        #expect(try await store.find("a", now: 1100) == nil)
        for index in 0..<10 { try await store.save(String(repeating: "x", count: 300), for: "k\(index)", now: 2000 + index, ttlMs: 10_000) }
        #expect(try await store.size().bytes <= 1000)
        #expect(try await store.find("k9", now: 2020) != nil)
        #expect(try await store.find("k0", now: 2020) == nil)
    }

    @Test func aSecondProcessSeesWhatTheFirstKept() async throws {
        let folder = try Self.temporary()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let first = try ResponseStore(path: folder + "/r.sqlite3", maximumBytes: 1000)
        let second = try ResponseStore(path: folder + "/r.sqlite3", maximumBytes: 1000)
        try await first.save("1", for: "a", now: 1, ttlMs: 10)
        try await second.save("2", for: "b", now: 1, ttlMs: 10)
        #expect(try await second.find("a", now: 2)?.message == "1")
        #expect(try await first.find("b", now: 2)?.message == "2")
    }

    static func responses(_ folder: String) async throws -> ResponseCache {
        try await ResponseCache(.init(), directory: .absolute(folder), roots: [:], metrics: ProxyMetrics(), logger: .init(label: "test"))
    }

    static func assembled(stop: StopReason, input: String = #"{"a":1}"#) -> MessageAssembly {
        var assembly = MessageAssembly()
        let events: [MessageEvent] = [
            .messageStart(id: "msg_1", model: "m", usage: MessageUsage()), .blockStart(index: 0, .toolUse(id: "t", name: "f")),
            .blockDelta(index: 0, .inputJSON(input)), .blockStop(index: 0), .messageDelta(stop: stop, stopSequence: nil, usage: MessageUsage()),
            .messageStop,
        ]
        events.forEach { assembly.add($0) }
        return assembly
    }

    @Test func onlyGoodAnswersAreKept() async throws {
        let folder = try Self.temporary()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let cache = try await Self.responses(folder)
        for (index, bad) in [Self.assembled(stop: .maxTokens), Self.assembled(stop: .refusal), Self.assembled(stop: .toolUse, input: "{")]
            .enumerated()
        {
            let key = try Self.key(["max_tokens": .integer(100 + index)])
            await cache.keep(bad, for: key, answeredBy: "m")
            #expect(await cache.find(key, answeredBy: "m") == nil)
        }
        let key = try Self.key()
        await cache.keep(Self.assembled(stop: .toolUse), for: key, answeredBy: "m")
        #expect(await cache.find(key, answeredBy: "m")?.message["content"]?[0]?["input"] == ["a": 1])
        await cache.keep(Self.assembled(stop: .toolUse), for: try Self.key(["temperature": 1]), answeredBy: "m")
        #expect(await cache.find(try Self.key(["temperature": 1]), answeredBy: "m") == nil)
    }

    @Test func aDamagedDatabaseBeginsAnew() async throws {
        let folder = try Self.temporary()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Data(String(repeating: "not a database ", count: 500).utf8).write(to: URL(fileURLWithPath: folder + "/responses.sqlite3"))
        let cache = try await Self.responses(folder)
        await cache.keep(Self.assembled(stop: .toolUse), for: try Self.key(), answeredBy: "m")
        #expect(await cache.find(try Self.key(), answeredBy: "m") != nil)
    }
}
