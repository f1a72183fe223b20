import Conversations
import JSON
import Messages
import Testing

@Suite struct RecordingTests {
    private static func lines(_ sessions: [ClientSession]) -> String {
        let longest = sessions.map(\.bodies.count).max() ?? 0
        // As they reach a proxy: one after the other, and mixed.
        let mixed = (0..<longest).flatMap { index in
            sessions.compactMap { session -> String? in
                guard index < session.bodies.count else { return nil }
                var headers: JSONObject = ["x-claude-code-session-id": .string(session.sessionID)]
                if let agent = session.agentID { headers["x-claude-code-agent-id"] = .string(agent) }
                return JSON.object(["headers": .object(headers), "body": session.bodies[index]]).text
            }
        }
        return mixed.joined(separator: "\n") + "\n\n"
    }

    @Test func conversationsAreToldApart() throws {
        let sessions = ClientScenarios.all.filter { ["tools", "sub-agent", "words and thoughts"].contains($0.name) }.map(\.session)
        let title: JSON = ["model": "small", "tools": [], "messages": [["role": "user", "content": "a title"]], "max_tokens": 9]
        let recording = try Recording(Self.lines(sessions) + title.text)
        #expect(recording.conversations.map(\.count).sorted() == sessions.map(\.bodies.count).sorted())
        let report = try recording.report(PrefixStability(dialect: .generic, inlineSystem: false))
        #expect(report.checked == sessions.reduce(0) { $0 + $1.bodies.count - 1 })
        #expect(report.breaks.isEmpty)
    }

    /// Bodies alone are enough.
    @Test func headersMayBeMissing() throws {
        let session = ClientScenarios.words(thinks: false)
        let recording = try Recording(session.bodies.map(\.text).joined(separator: "\n"))
        #expect(recording.conversations == [session.bodies])
    }

    @Test func aBrokenLineIsNamed() {
        #expect { try Recording("{}\n{") } throws: { "\($0)".hasPrefix("line 2 of the recording") }
    }
}
