import JSON
import Testing

@testable import anyclaude

@Suite struct CacheTextTests {
    private static let style = Style(isColored: false)

    @Test func eachLayerHasALine() {
        let report: JSON = [
            "prompt": ["enabled": true, "hits": 9, "misses": 1, "entries": 1, "bytes": 2048, "bytes_not_read": 400_000, "bytes_not_resent": 0],
            "response": [
                "enabled": true, "hits": 1, "joins": 2, "replays": 0, "misses": 7, "entries": 3, "bytes": 900, "tokens_not_computed": 1234,
                "bytes_told_again": 5_000_000,
            ],
            "kv": ["hits": 4, "misses": 6, "prompt_tokens": 5000, "cached_tokens": 3000],
        ]
        let lines = CacheText(style: Self.style).lines(report)
        #expect(lines.count == 4)
        #expect(lines[1].contains("9 of 10 translations") && lines[1].contains("390.6 KiB not read again") && lines[1].contains("2.0 KiB"))
        #expect(lines[2].contains("3 of 10 requests (1 kept, 2 joined, 0 replayed)") && lines[2].contains("1234 tokens not computed, 4.7 MiB"))
        #expect(lines[3].contains("3000 of 5000 prompt tokens"))
    }

    @Test func theFirstDifferenceHasItsPlaceAndCost() {
        let explanation: JSON = [
            "request": "req_2", "summary": "parts from the prompt of req_1", "backend": "b", "model": "m",
            "difference": [
                "section": "tools", "change": "inserted", "place": "tools.3 (`Grep`)", "cache_miss_reason": "tools_changed", "shared_bytes": 100,
                "lost_bytes": 300, "shared_tokens": 25, "shared_tokens_between": [0, 100], "lost_tokens": 75,
            ],
            "shaping": [["part": "tools", "bytes_before": 9000, "bytes_after": 400, "removed": ["Agent\u{1B}", "Skill"]]],
            "left_out": ["web_search_20250305"],
        ]
        let text = CacheExplanationText(style: Self.style).lines(explanation).joined(separator: "\n")
        #expect(text.contains("req_2: parts from the prompt of req_1"))
        #expect(text.contains("tools (tools_changed)") && text.contains("tools.3 (`Grep`), inserted"))
        #expect(text.contains("75 tokens, behind 25 that both begin with (counted at 0 and 100, shared out by bytes between); 300 of 400 bytes"))
        #expect(text.contains("tools: 9000 bytes became 400, without Agent·, Skill"))
        #expect(text.contains("left out    web_search_20250305, which only a `claude` backend can run"))
        #expect(!text.contains("\u{1B}"))
    }
}
