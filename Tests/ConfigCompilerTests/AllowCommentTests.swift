import ConfigCompiler
import Diagnostics
import Testing

@Suite struct AllowCommentTests {
    @Test(arguments: [
        ("webSearch: {} # anyclaude: allow AC0703\nbackend: claude", []),
        ("# anyclaude: allow AC0703\nwebSearch: {}\nbackend: claude", []),
        ("# anyclaude: allow AC0703\n\n# the earlier tool's\n\nwebSearch: {}\nbackend: claude", []),
        ("  #anyclaude:allow ac0703,AC0701 -- both: why not\nport: 1\nbackend: claude", ["AC0806"]),
        ("webSearch: {}\n# anyclaude: allow AC0703\nbackend: claude", ["AC0703", "AC0806"]),
        ("webSearch: {} # anyclaude: allow AC0703\ncircuitBreaker: {}\nbackend: claude", ["AC0703"]),
        ("backend: claude # anyclaude: allow AC0703, AC0806", []),
        ("backend: claude # anyclaude: allow AC0806", []),
        // Errors stay errors, and are not hidden by a comment about them.
        ("proxi: 1 # anyclaude: allow AC0301\nbackend: claude", ["AC0301", "AC0805"]),
        // With an error, checks are missing, so nothing is known of a comment that seems not to be needed.
        ("proxi: 1\nbackend: claude # anyclaude: allow AC0703", ["AC0301"]),
        ("backend: claude # anyclaude: allow AC9999", ["AC0805"]), ("backend: claude # anyclaude: allow", ["AC0805"]),
        ("backend: claude # anyclaude: allw AC0703", ["AC0805"]), ("backend: claude # anyclaude: allow AC9999 AC0805", []),
        // No comments of ours.
        ("backend: claude # anyclaude: all of it", []), ("backend: claude # see anyclaude: allow AC0703", []),
        ("backends: { claude: { description: \"x # anyclaude: allow AC0703\" } }", []),
        ("backends:\n  claude:\n    description: |\n      # anyclaude: allow AC0703\nbackend: claude", []),
    ])
    func comments(text: String, expected: [String]) {
        let found = codes(text).map(\.rawValue).sorted()
        #expect(found == expected, "\(text)")
    }

    @Test func aFloodOfCommentsIsReportedWithinBounds() {
        let found = codes("backend: claude\n" + String(repeating: "# anyclaude: allow AC0703, AC0, AC0301\n", count: 26_000))
        #expect(found.count { $0 == .badAllowComment } == 1000)
        #expect(found.count { $0 == .unusedAllowComment } == 1000)
        #expect(codes("backend: claude\n" + String(repeating: "# anyclaude: allow AC0703\n", count: 1001)).contains(.badAllowComment))
    }
}

@Suite struct MisplacedKeyTests {
    private func first(_ text: String) -> Diagnostic? { compile(text).diagnostics.first { $0.code == .unknownKey } }

    @Test(arguments: [
        ("maxConcurrent: 8", "`maxConcurrent` belongs under `limits`: `proxy.limits.maxConcurrent`"),
        ("backends: { vllm-mlx: { model: ./m, cache_slots: 3 } }", "`cache_slots` belongs under `cache`: `backends.vllm-mlx.cache.cache_slots`"),
        ("backends: { vllm-mlx: { model: ./m, cacheSlots: 3 } }", "`cache_slots` belongs under `cache`: `backends.vllm-mlx.cache.cache_slots`"),
        ("backends: { vllm-mlx: { model: ./m, cache: { maxTokens: 3 } } }", "`maxTokens` belongs under `vllm-mlx`: `backends.vllm-mlx.maxTokens`"),
        ("baseUrl: http://x", "`baseUrl` belongs to a backend: `backends.*.baseUrl`"),
        ("proxy: { routes: [] }", "`routes` belongs at the top of the file: `routes`"),
        ("to: claude", "`to` belongs to a route: `routes[].to`"),
        ("routes: [{ to: claude, model: x }]", "`model` belongs under `match`: `routes[0].match.model`"),
        ("backends: { vllm-mlx: { model: ./m, interval: 3 } }", nil),
    ])
    func theirPlaceIsNamed(text: String, note: String?) throws {
        let found = try #require(first(text))
        #expect(found.notes.first == note || (note == nil && found.notes.first?.contains("belongs") != true), "\(found.notes)")
    }

    @Test func theMappingThatTheyBelongToIsShown() throws {
        let found = try #require(first("backends:\n  vllm-mlx:\n    cache: {}\n    model: ./m\n    cache_slots: 3\n"))
        #expect(found.secondary.map(\.label) == ["in this backend", "belongs under this `cache`"])
    }

    private func fixed(_ text: String, _ name: String = "test.yaml") throws -> String {
        let found = try #require(compile(text, name: name).diagnostics.first { $0.code == .unknownKey || $0.code == .deprecatedKey })
        let fix = try #require(found.fixes.first)
        return fix.edits.reversed().reduce(into: Array(text.utf8)) { $0.replaceSubrange($1.span.range, with: Array($1.text.utf8)) }
            .withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }

    @Test func aSimpleValueCanBeNestedWhereItStands() throws {
        #expect(try fixed("port: 1 # why\nbackend: claude") == "proxy: { port: 1 } # why\nbackend: claude")
        #expect(try fixed("{\"port\": 1, \"backend\": \"claude\"}", "x.json") == "{\"proxy\": { \"port\": 1 }, \"backend\": \"claude\"}")
        #expect(try fixed("maxConcurrent: 8") == "proxy: { limits: { maxConcurrent: 8 } }")
        #expect(try fixed("backends: { mlx: { cache_slots: 3 } }") == "backends: { mlx: { cache: { cache_slots: 3 } } }")
    }

    @Test(arguments: [
        "port: 1\nproxy: {}", "port:\n  1", "model: x, y", "maxConcurrent: # eight\n  8", "<<: { maxConcurrent: 8 }",
        "responseCache: {}",
        "to: claude", "contextWindow: 8",
    ])
    func whatIsNotSimpleIsLeftToPeople(text: String) throws {
        let found = try #require(compile(text).diagnostics.first { $0.code == .unknownKey || $0.code == .deprecatedKey })
        #expect(found.fixes.isEmpty)
    }

    @Test func onlyACertainSpellingIsSafe() throws {
        func fix(_ text: String) throws -> Fix { try #require(first(text)?.fixes.first) }
        #expect(try fix("backends: { claude: { base_url: x } }").applicability == .safe)
        #expect(try fix("backends: { claude: { maxTokns: 1 } }").applicability == .safe)
        // Short words, two slips, and a key that is there already are for people to decide.
        #expect(try fix("proxy: { prot: 1 }").applicability == .suggestion)
        #expect(try fix("backends: { claude: { cotextWindo: 1 } }").applicability == .suggestion)
        #expect(try fix("backends: { claude: { maxTokens: 1, max_tokens: 1 } }").applicability == .suggestion)
    }
}
