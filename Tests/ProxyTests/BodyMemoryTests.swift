import JSON
import LaunchPlan
import Messages
import Testing

@testable import Proxy

@Suite struct BodyMemoryTests {
    private static func body(tools: Int = 3, system: String = "s", messages: String = "hi", marked: Bool = false) -> JSON {
        let tools = (0..<tools).map { index -> JSON in
            ["name": .string("tool_\(index)"), "description": .string(String(repeating: "d", count: 100)), "input_schema": ["type": "object"]]
        }
        var block: JSONObject = ["type": "text", "text": .string(String(repeating: system, count: 100))]
        if marked { block["cache_control"] = ["type": "ephemeral"] }
        return [
            "model": "m", "max_tokens": 1, "system": [.object(block)], "tools": .array(tools),
            "messages": [["role": "user", "content": .string(messages)]],
        ]
    }

    private static func read(_ body: JSON, _ cache: PromptCache) throws -> (json: JSON, head: BodyParts.Head?) {
        let (json, parts) = try body.bytes.withUnsafeBufferPointer { try cache.read($0) }
        return (json, parts?.head)
    }

    @Test func aSessionsHeadIsReadOnce() throws {
        let metrics = ProxyMetrics()
        let cache = PromptCache(.init(), metrics: metrics)
        let first = try Self.read(Self.body(), cache)
        #expect(first.json == Self.body() && first.head != nil && metrics.bytesNotRead == 0)
        let second = try Self.read(Self.body(messages: "more"), cache)
        #expect(second.json == Self.body(messages: "more") && second.head == first.head)
        let head = (Self.body()["tools"] ?? .null).bytes.count + (Self.body()["system"] ?? .null).bytes.count
        #expect(metrics.bytesNotRead == head)
        #expect(cache.json["bytes_not_read"] == .integer(head))
    }

    /// Tools of one beginning are told apart by all their bytes.
    @Test func oneByteMakesAnotherHead() throws {
        let cache = PromptCache(.init(), metrics: ProxyMetrics())
        let heads = try (1...12).map { try Self.read(Self.body(tools: $0), cache).head }
        #expect(Set(heads).count == 12)
        #expect(try Self.read(Self.body(system: "t"), cache).head != Self.read(Self.body(), cache).head)
        for (index, head) in heads.enumerated() {
            let again = try Self.read(Self.body(tools: index + 1), cache)
            #expect(again.head == head && again.json == Self.body(tools: index + 1))
        }
    }

    /// Breakpoints and spaces make other bytes, and say the same.
    @Test func whatSaysTheSameHasOneDigest() throws {
        let cache = PromptCache(.init(), metrics: ProxyMetrics())
        let (plain, marked) = (try Self.read(Self.body(), cache).head, try Self.read(Self.body(marked: true), cache).head)
        #expect(plain != marked && plain?.digest == marked?.digest)
        #expect(try Self.read(Self.body(tools: 2), cache).head?.digest != plain?.digest)
    }

    /// The key of a request is the same whether its head was known or not.
    @Test func theKeyDoesNotDependOnTheMemory() throws {
        let cache = PromptCache(.init(), metrics: ProxyMetrics())
        let bodies: [JSON] = [
            Self.body(), Self.body(marked: true), ["model": "m", "max_tokens": 1, "messages": [["role": "user", "content": "x"]]],
        ]
        for body in bodies {
            let (json, head) = try Self.read(body, cache)
            let plain = try MessagesRequest(json)
            var known = plain
            known.parts = try body.bytes.withUnsafeBufferPointer { try cache.read($0) }.parts
            #expect(head != nil)
            let keys = [plain, known].map { RequestKey($0, backend: CacheTests.backend(), asker: .init(credential: "")).digest }
            #expect(keys[0] == keys[1])
        }
    }

    @Test func whatIsNotKnownIsTranslatedAllTheSame() throws {
        let off = PromptCache(.init(enabled: false), metrics: ProxyMetrics())
        #expect(try Self.read(Self.body(), off).head == nil)
        let small = PromptCache(.init(maxBytes: 1024), metrics: ProxyMetrics())
        let (json, head) = try Self.read(Self.body(tools: 100), small)
        #expect(json == Self.body(tools: 100) && head == nil)
        let entry = try small.entry(for: try MessagesRequest(json), backend: CacheTests.backend())
        #expect(entry.prefix.tools.count == 100)
    }

    @Test func theMemoryIsBounded() throws {
        let cache = PromptCache(.init(maxBytes: 64 << 10), metrics: ProxyMetrics())
        for index in 0..<200 { _ = try Self.read(Self.body(system: "\(index) "), cache) }
        #expect((cache.json["bytes"]?.intValue ?? .max) <= 64 << 10)
        #expect(throws: JSONError.self) { try Array(#"{"tools":[}"#.utf8).withUnsafeBufferPointer { _ = try cache.read($0) } }
    }

    /// One entry for each backend: its settings may say what becomes of tools.
    @Test func backendsHaveTheirOwnPrefixes() throws {
        let metrics = ProxyMetrics()
        let cache = PromptCache(.init(), metrics: metrics)
        let (json, head) = try Self.read(Self.body(), cache)
        var request = try MessagesRequest(json)
        request.parts = BodyParts(head: head, messages: [])
        for name in ["a", "b", "a", "b"] { _ = try cache.entry(for: request, backend: CacheTests.backend(name)) }
        #expect(metrics.cache("prompt", "miss") == 2 && metrics.cache("prompt", "hit") == 2)
    }
}
