import JSON

/// Something that goes wrong at the model's server, and what Claude Code makes of it in the end.
struct Fault: Sendable {
    enum Outcome: Sendable {
        /// It answers with this all the same.
        case answers(String)
        /// It gives up, and says this.
        case fails(String)
    }
    let name: String
    let steps: [JSON]
    var variables: [String: String] = [:]
    var arguments: [String] = []
    let outcome: Outcome
    /// How often the server is asked.
    let requests: ClosedRange<Int>
    var check: @Sendable ([UpstreamRequest], inout Scenario.Findings) -> Void = { _, _ in }

    /// It fails once and then serves: the client comes back by itself.
    static func once(_ name: String, _ fault: JSON, requests: ClosedRange<Int> = 2...2) -> Fault {
        Fault(name: name, steps: [["tries": [fault, good]]], outcome: .answers("All is well."), requests: requests)
    }

    /// It fails for ever.
    static func always(_ name: String, _ fault: JSON, _ says: String, requests: ClosedRange<Int>) -> Fault {
        Fault(name: name, steps: [fault], outcome: .fails(says), requests: requests)
    }

    static let good: JSON = ["text": "All is well."]

    /// An answer of fifteen chunks or so, of which some are sent.
    static func broken(after count: Int, _ then: String) -> JSON {
        ["text": .string(String(repeating: "Some of many words. ", count: 5)), "after": .integer(count), "then": .string(then)]
    }

    /// What came of it: what the client said, and what the server was asked.
    struct Outcomes {
        var reply: ClaudeAnswer
        var asked: [UpstreamRequest]
    }

    func trial(_ sessions: some ScriptedSessions, model: String) throws -> Outcomes {
        let script = "\(model)-\(name)"
        // Three tries are enough to see that there are more; the pauses between more of them double.
        let variables = ["CLAUDE_CODE_MAX_RETRIES": "2"].merging(self.variables) { $1 }
        let reply = try sessions.claude(script, ScriptedStack.prompt(script, steps), ["--model", model] + arguments, variables: variables)
        return Outcomes(reply: reply, asked: try sessions.requests(script))
    }

    /// - Returns: what is not as it must be.
    func findings(_ outcomes: Outcomes) -> [String] {
        let (reply, asked) = (outcomes.reply, outcomes.asked)
        var findings = Scenario.Findings()
        findings.expect(requests.contains(asked.count), "the server was asked \(asked.count) times, not \(requests): \(reply.all)")
        switch outcome {
        case .answers(let text):
            findings.expect(reply.status == 0 && !reply.isError, reply.all)
            findings.expect(reply.text, contains: text)
        case .fails(let text):
            findings.expect(reply.status == 1 && reply.isError, reply.all)
            findings.expect(reply.text, contains: text)
        }
        check(asked, &findings)
        return findings.texts
    }
}
