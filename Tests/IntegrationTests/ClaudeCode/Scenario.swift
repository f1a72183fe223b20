import JSON

/// A session of Claude Code with a scripted model, and what must be seen of it: by its user, and at the model's server.
struct Scenario: Sendable {
    let name: String
    /// - Returns: what is not as it must be.
    let play: @Sendable (Scenario, ScriptedStack) throws -> [String]

    /// All that is wrong is said, not the first alone.
    struct Findings {
        private(set) var texts: [String] = []

        mutating func expect(_ holds: Bool, _ text: @autoclosure () -> String) {
            if !holds { texts.append(text()) }
        }

        mutating func expect(_ text: String, contains part: String) {
            expect(text.contains(part), "`\(part)` is not in: \(text.prefix(1500))")
        }
    }

    /// One prompt, and what it must come to.
    ///
    /// - Parameters:
    ///   - answer: what the client prints at the end.
    ///   - check: of the requests that the server got.
    init(
        _ name: String, _ steps: [JSON], tools: String = "", arguments: [String] = [], variables: [String: String] = [:],
        prepare: @escaping @Sendable (_ name: String, ScriptedStack) throws -> Void = { _, _ in }, answer: String,
        check: @escaping @Sendable ([UpstreamRequest], inout Findings) throws -> Void = { _, _ in }
    ) {
        self.name = name
        play = { scenario, stack in
            try prepare(name, stack)
            let permitted = tools.isEmpty ? [] : ["--allowedTools", tools]
            let reply = try stack.claude(name, ScriptedStack.prompt(name, steps), permitted + arguments, variables: variables)
            var findings = Findings()
            findings.expect(reply.status == 0 && !reply.isError, reply.all)
            findings.expect(reply.text, contains: answer)
            let requests = try stack.requests(name)
            findings.expect(requests.map(\.step) == Array(steps.indices), "the requests were of the steps \(requests.map(\.step))")
            try check(requests, &findings)
            return findings.texts
        }
    }

    /// - Parameter play: says all that is wrong.
    init(_ name: String, play: @escaping @Sendable (_ name: String, ScriptedStack, inout Findings) throws -> Void) {
        self.name = name
        self.play = { scenario, stack in
            var findings = Findings()
            try play(scenario.name, stack, &findings)
            return findings.texts
        }
    }
}
