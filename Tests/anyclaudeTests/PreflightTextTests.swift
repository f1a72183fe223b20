import LaunchPlan
import Testing

@testable import anyclaude

struct PreflightTextTests {
    private let text = PreflightText(style: Style(isColored: false))
    private let gib = 1 << 30

    private func report(budget: Int) -> PreflightReport {
        let shares: [MemoryShare] = [
            .native("big", weights: 8 * gib, contextBytes: gib, contextTokens: 8192, contexts: 8, overhead: gib / 2, limit: nil),
            .foreign(
                "other", weights: nil, contextBytes: nil, contextTokens: nil, isWindowSet: false, contexts: 1, limit: nil,
                unknown: "its model is not on this disk"),
        ]
        let memory = MemoryAdmission(shares, doubled: ["big"], allowedBytes: budget, bound: .budget)
        var results = [
            PreflightResult(service: "proxy", key: "proxy.port", check: "127.0.0.1:8788 is free"),
            PreflightResult(
                service: "big", key: "backends.big.cache.maxBytes", check: "{cache}/kv/big may grow to 8 GiB",
                findings: [.init(.warning, "4 GiB are free\u{1B}[31m", hint: "free some space")]),
            PreflightResult(service: "big", key: "backends.big.resources.memory", check: "it fits into memory beside the others"),
        ]
        for (service, finding) in memory.findings(replaced: []) where service == "big" { results[2].findings.append(finding) }
        return PreflightReport(results: results, memory: memory)
    }

    @Test func everyCheckAndTheSum() {
        #expect(
            text.lines(report(budget: 20 * gib)) == [
                "  ✔ proxy  127.0.0.1:8788 is free  (proxy.port)",
                "  ! big    {cache}/kv/big may grow to 8 GiB  (backends.big.cache.maxBytes)",
                "           4 GiB are free·[31m",
                "           hint: free some space",
                "  ✔ big    it fits into memory beside the others  (backends.big.resources.memory)",
                "",
                "  memory           WEIGHTS  ONE CONTEXT          OVERHEAD  NEEDS             AT MOST",
                "  big              8 GiB    1 GiB (8192 tokens)  512 MiB   9.5 GiB           16.5 GiB (8 contexts)",
                "  other            ?        ?                    -         ?                 ?",
                "  together                                                 9.5 GiB and more  16.5 GiB; `budget.memory` is 20 GiB",
                "  while exchanged                                          19 GiB            big twice, by overlap",
                "  other: its model is not on this disk",
            ])
    }

    @Test func whatDoesNotHoldComesWithTheSum() {
        let lines = text.findings(report(budget: 9 * gib))
        #expect(
            Array(lines.prefix(4)) == [
                "✘ backends.big.resources.memory: the services need together 9.5 GiB (big 9.5 GiB, other not known); `budget.memory` is 9 GiB",
                "  hint: lower contextWindow, take smaller models or fewer workers, or raise `budget.memory`",
                "! backends.big.cache.maxBytes: 4 GiB are free·[31m",
                "  hint: free some space",
            ])
        #expect(lines.contains { $0.hasPrefix("  together") })
        #expect(!text.findings(report(budget: 40 * gib)).contains { $0.hasPrefix("  together") }, "the sum is no finding where it fits")
        #expect(text.findings(PreflightReport(results: [], memory: nil)).isEmpty)
    }

    @Test func checksThatNobodyCouldMake() {
        let check = PreflightCheck(
            service: "w", requirement: .memory(model: nil, contextTokens: nil, slots: 1, limitBytes: gib, reading: .files), key: "k")
        #expect(text.lines(unchecked: [check]) == ["  ? w  it fits into 1 GiB, and into memory beside the others  (k)"])
    }
}
