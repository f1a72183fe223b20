import Foundation
import Testing

extension IntegrationTests {
    /// The real Claude Code on an applied stack, with a scripted model behind it. ANYCLAUDE_TEST_ONLY names some of the sessions, as `bash,cut-3`.
    @Suite(.enabled(if: ClaudeClient.isThere, Comment(rawValue: ClaudeClient.needed)))
    struct ClaudeCodeTests {
        @Test func sessions() throws {
            let stack = try Stack()
            let scripted = try ScriptedStack(stack)
            let scenarios = Self.chosen(Scenario.tools + Scenario.sessions + Scenario.clients + Scenario.servers + Scenario.dialects, \.name)
            Self.report(scenarios.map(\.name), concurrently(scenarios, width: 4) { try $0.play($0, scripted) })
            let conversations = try scripted.conversations()
            #expect(conversations.values.contains { $0.count > 1 }, "\(conversations.keys)")
            // A tool that the model has searched for stands among the others, in the order of the alphabet.
            for (name, requests) in conversations where name != "tool-search" {
                for text in PrefixStability.breaks(in: requests) { Issue.record("\(name): \(text)") }
            }
        }

        /// Of a server that somebody else runs what it says is what the client must hear; a worker of ours is waited for.
        @Test func faults() throws {
            let stack = try Stack()
            // No breaker, as the faults of one row are none of another's, and no tries but the client's.
            let scripted = try ScriptedStack(
                stack,
                proxy:
                    ", limits: { firstByteTimeout: 4s, idleTimeout: 1500ms, ping: 300ms }, circuitBreaker: { enabled: false }, retry: { attempts: 1 }"
            )
            let faults = Self.chosen(Fault.table, \.name)
            Self.report(faults.map(\.name), concurrently(faults, width: 6) { try $0.findings($0.trial(scripted, model: "remote-model")) })
            // One after the other, as the death of the worker ends the requests of all.
            let deaths = Self.chosen(Fault.ofAWorker, \.name)
            Self.report(deaths.map(\.name), concurrently(deaths, width: 1) { try $0.findings($0.trial(scripted, model: "scripted-model")) })
        }

        static func chosen<Row>(_ rows: [Row], _ name: (Row) -> String) -> [Row] {
            guard let only = ProcessInfo.processInfo.environment["ANYCLAUDE_TEST_ONLY"] else { return rows }
            let names = Set(only.split(separator: ",").map(String.init))
            return rows.filter { names.contains(name($0)) }
        }

        static func report(_ names: [String], _ results: [Result<[String], any Error>]) {
            for (name, findings) in zip(names, results) {
                do {
                    for text in try findings.get() { Issue.record("\(name): \(text)") }
                } catch {
                    Issue.record("\(name): \(error)")
                }
            }
        }
    }
}
