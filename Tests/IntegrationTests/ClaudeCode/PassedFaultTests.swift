import Foundation
import JSON
import Testing

extension IntegrationTests {
    /// The real Claude Code and the faults of the API itself: through the backend `claude` it meets what it meets without anything between.
    @Suite(.enabled(if: ClaudeClient.isThere, Comment(rawValue: ClaudeClient.needed)))
    struct PassedFaultTests {
        @Test func faultsReachTheClientUnchanged() throws {
            let (stack, other) = (try Stack(), try Stack())
            let passed = try PassedStack(stack, beside: other)
            let faults = ClaudeCodeTests.chosen(Fault.passed, \.name)
            let results = concurrently(faults, width: 4) { row in
                var fault = row
                // The client's own: the backend has none.
                fault.variables["ANTHROPIC_API_KEY"] = "a key of no worth"
                // What the client does beside its answer it does at its own time, which no two sessions share: what the proxy does is there again.
                let findings = try Self.differences(fault, passed)
                return findings.isEmpty ? [] : try Self.differences(fault, passed)
            }
            ClaudeCodeTests.report(faults.map(\.name), results)
        }

        /// What is not as it is without the proxy.
        private static func differences(_ fault: Fault, _ passed: PassedStack) throws -> [String] {
            let model = "claude-sonnet-5-5"
            let (through, direct) = (try fault.trial(passed.through, model: model), try fault.trial(passed.direct, model: model))
            var findings = Scenario.Findings()
            findings.expect(through.reply.status == direct.reply.status, "without the proxy: \(direct.reply.all)")
            let (said, saidDirectly) = (passed.through.comparable(through.reply), passed.direct.comparable(direct.reply))
            findings.expect(said == saidDirectly, "it says `\(said)`, and without the proxy `\(saidDirectly)`")
            let (seen, wanted) = (
                through.asked.map { passed.through.comparable($0.body) }, direct.asked.map { passed.direct.comparable($0.body) }
            )
            findings.expect(seen.count == wanted.count, "\(seen.count) requests, and without the proxy \(wanted.count)")
            for (number, (one, other)) in zip(seen, wanted).enumerated() where one != other {
                let common = zip(one.utf8, other.utf8).prefix { $0 == $1 }.count
                func place(_ text: String) -> String { String(decoding: text.utf8.dropFirst(max(0, common - 60)).prefix(200), as: UTF8.self) }
                findings.expect(false, "request \(number + 1) has …\(place(one))…, and without the proxy …\(place(other))…")
            }
            return fault.findings(through) + findings.texts
        }
    }
}
