import JSON
import Testing

extension IntegrationTests {
    /// The real Claude Code on an applied stack, with a scripted model behind it.
    @Suite(.enabled(if: ClaudeClient.isThere, Comment(rawValue: ClaudeClient.needed)))
    struct ClaudeCodeTests {
        @Test func sessions() throws {
            let stack = try Stack()
            let scripted = try ScriptedStack(stack)
            let scenarios = Scenario.tools + Scenario.sessions + Scenario.clients + Scenario.servers + Scenario.dialects
            report(scenarios.map(\.name), concurrently(scenarios, width: 6) { try $0.play($0, scripted) })
            let conversations = try scripted.conversations()
            #expect(conversations.values.count { $0.count > 1 } > 8, "\(conversations.keys)")
            // A tool that the model has searched for stands among the others, in the order of the alphabet.
            for (name, requests) in conversations where name != "tool-search" {
                for text in PrefixStability.breaks(in: requests) { Issue.record("\(name): \(text)") }
            }
        }

        /// Of a server that somebody else runs what it says is what the client must hear; a worker of ours is waited for.
        @Test func faults() throws {
            let stack = try Stack()
            let scripted = try ScriptedStack(stack, limits: "{ firstByteTimeout: 4s, idleTimeout: 1500ms, ping: 300ms }")
            report(Fault.table.map(\.name), concurrently(Fault.table, width: 12) { try $0.play(scripted, model: "remote-model") })
            // One after the other, as the death of the worker ends the requests of all.
            report(Fault.ofAWorker.map(\.name), concurrently(Fault.ofAWorker, width: 1) { try $0.play(scripted, model: "scripted-model") })
        }

        private func report(_ names: [String], _ results: [Result<[String], any Error>]) {
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
