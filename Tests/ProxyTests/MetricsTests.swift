import JSON
import LaunchPlan
import Testing

@testable import Proxy

/// The exposition as a scraper reads it, after requests of all kinds.
@Suite(.timeLimit(.minutes(10))) struct MetricsTests {
    nonisolated(unsafe) private static let sample = /([a-z][a-z0-9_]*)(\{[^}]*\})? (-?[0-9.e+-]+|\+Inf|NaN)/
    /// Label names, and what bounds their values: names of the plan, statuses, words of ours.
    private static let labels: Set<String> = [
        "backend", "status", "kind", "layer", "result", "le", "version", "event", "reason", "from", "to", "state", "route", "call", "outcome",
    ]

    @Test func eachSampleHasItsFamilyAndBoundedLabels() async throws {
        let server = try ScriptedServer { _ in
            Worker.answer("a", usage: ["prompt_tokens": 4, "completion_tokens": 1, "total_tokens": 5, "prompt_tokens_details": ["cached_tokens": 2]])
        }
        let backend = ProxySettings.Backend(name: "b", api: .openai, dialect: "generic", target: .url(base: server.base))
        try await ProxyUnderTest.run(ProxyUnderTest.settings(backend)) { proxy in
            for number in 0..<3 {
                // Whatever clients invent must not become a label.
                let more: JSONObject = ["model": .string("invented-\(number)"), "temperature": 0]
                let status = try await proxy.post(ProxyUnderTest.request("hi \(number)", more), headers: ["x-claude-code-session-id": "s\(number)"])
                    .status
                #expect(status == 200)
            }
            _ = try await proxy.get("/v1/invented-path")
            let text = try await proxy.get("/metrics").text
            var families: [String: String] = [:]
            var previous = ""
            for line in text.split(separator: "\n") {
                let words = line.split(separator: " ", maxSplits: 3).map(String.init)
                if line.hasPrefix("# HELP ") {
                    #expect(words.count == 4 && words[3].hasSuffix("."), "\(line)")
                    previous = words[2]
                } else if line.hasPrefix("# TYPE ") {
                    #expect(words[2] == previous && families[words[2]] == nil, "\(line)")
                    families[words[2]] = words[3]
                    if words[3] == "counter" { #expect(words[2].hasSuffix("_total"), "\(line)") }
                    #expect(["anyclaude_", "process_"].contains { words[2].hasPrefix($0) }, "\(line)")
                } else {
                    let match = try #require(try Self.sample.wholeMatch(in: String(line)), "\(line)")
                    let name = String(match.1)
                    let family = ["", "_bucket", "_sum", "_count"].map { name.hasSuffix($0) ? String(name.dropLast($0.count)) : "" }
                    #expect(family.contains { families[$0] != nil }, "\(line)")
                    for label in (match.2 ?? "").matches(of: /([a-z_]+)="/) { #expect(Self.labels.contains(String(label.1)), "\(line)") }
                }
            }
            #expect(!text.contains("invented") && families["process_cpu_seconds_total"] == "counter")
            #expect(text.contains("anyclaude_proxy_requests_total{backend=\"b\",status=\"200\"} 3\n"))
            let memory = try #require(text.firstMatch(of: /process_resident_memory_bytes ([0-9]+)/)).1
            #expect(Int(memory) ?? 0 > 1 << 20)
        }
    }
}
