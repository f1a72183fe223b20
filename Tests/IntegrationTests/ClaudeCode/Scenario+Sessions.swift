import Foundation
import JSON

extension Scenario {
    /// What goes beyond one exchange.
    static let sessions: [Scenario] = [
        Scenario(
            "twenty-turns",
            (1...20).map { ["calls": [["name": "Bash", "input": ["command": .string("echo turn-\($0)")]]]] } + [["text": "Enough: {results}"]],
            tools: "Bash", answer: "Enough: turn-20"
        ) { requests, findings in
            let results = requests.last?.texts("tool") ?? []
            findings.expect(results == (1...20).map { "turn-\($0)" }, "the results: \(results)")
        },
        Scenario(
            "sub-agent",
            [
                [
                    "calls": [
                        [
                            "name": "Agent",
                            "input": [
                                "description": "Look around", "subagent_type": "general-purpose", "run_in_background": false,
                                "prompt": .string(
                                    ScriptedStack.prompt(
                                        "inner-agent",
                                        [["calls": [["name": "Bash", "input": ["command": "echo deep"]]]], ["text": "The agent found {results}."]])),
                            ],
                        ]
                    ]
                ], ["text": "Reported: {results}"],
            ], tools: "Bash,Agent", answer: "The agent found deep"),
        Scenario("compact") { name, stack, findings in
            let first = try stack.claude(
                name,
                ScriptedStack.prompt(
                    "compact-1", [["calls": [["name": "Bash", "input": ["command": "echo before"]]]], ["text": "Seen: {results}"]]),
                ["--allowedTools", "Bash"])
            findings.expect(first.status == 0 && first.text == "Seen: before", first.all)
            guard let session = first.session else { return }
            let compact = try stack.claude(name, "/compact", ["--resume", session])
            findings.expect(compact.status == 0 && !compact.isError, compact.all)
            let before = try stack.requests("compact-1")
            findings.expect(before.map(\.step) == [0, 1, -1], "the steps before: \(before.map(\.step))")
            let second = try stack.claude(name, ScriptedStack.prompt("compact-2", [["text": "And on."]]), ["--resume", session])
            findings.expect(second.status == 0 && second.text == "And on.", second.all)
            let after = try stack.requests("compact-2")
            let words = (after.first?.texts("user") ?? []).joined(separator: "\n")
            findings.expect(words.contains("A summary: the work was done"), "the summary is not what the model goes on from: \(words.prefix(2000))")
            findings.expect(after.first?.texts("tool") == [], "tool results outlived the compaction")
        },
    ]

    /// How a client comes, and how it goes.
    static let clients: [Scenario] = [
        Scenario("env") { name, stack, findings in
            let run = try ProgramRun.run(
                "bash",
                [
                    "-c", "eval \"$(anyclaude env)\" && exec \"$0\" -p \"$1\"", ClaudeClient.program ?? "",
                    ScriptedStack.prompt(name, [["text": "I am here."]]),
                ],
                environment: stack.clientEnvironment(name), directory: stack.makeWorkFolder(name), limit: 300)
            findings.expect(run.status == 0 && run.output == "I am here.\n", "\(run)")
            let model = try stack.requests(name).first?.body["model"]
            findings.expect(model == "scripted-model", "the model asked for is \(model?.text ?? "none")")
        },
        Scenario("options-alone") { name, stack, findings in
            var environment = stack.clientEnvironment(name)
            environment["PATH", default: ""] += ":" + URL(filePath: ClaudeClient.program ?? "").deletingLastPathComponent().path
            let run = try ProgramRun.run(
                "anyclaude", ["run", "-f", "\(stack.folder)/.anyclauderc.yaml", "--", "-p", ScriptedStack.prompt(name, [["text": "As told."]])],
                environment: environment, directory: stack.makeWorkFolder(name), limit: 300)
            findings.expect(run.status == 0 && run.output == "As told.\n", "\(run)")
        },
        Scenario("leaves") { name, stack, findings in
            let prompt = ScriptedStack.prompt(name, [["text": "A word, and another one, and then nothing more.", "after": 3, "then": "hang"]])
            let client = try SpawnedProgram(
                "bash", ["-c", "eval \"$(anyclaude env)\" && exec \"$0\" -p \"$1\" </dev/null", ClaudeClient.program ?? "", prompt],
                environment: stack.clientEnvironment(name), directory: stack.makeWorkFolder(name))
            let request = try wait { try stack.requests(name).first }
            client.kill(SIGKILL)
            findings.expect(try wait { try stack.left().contains(request.id) ? true : nil }, "")
        },
    ]

    /// A conversation with calls, side by side too, in the words of each kind of server.
    static let dialects: [Scenario] = ScriptedStack.disguises.keys.sorted().map { name in
        Scenario(
            "as-\(name)",
            [
                [
                    "text": "I look.",
                    "calls": [["name": "Bash", "input": ["command": "echo one"]], ["name": "Bash", "input": ["command": "echo two"]]],
                ],
                ["reasoning": "And again.", "calls": [["name": "Bash", "input": ["command": "echo three"]]]], ["text": "It says {results}."],
            ], tools: "Bash", arguments: ["--model", "as-\(name)"], answer: "It says three.")
    }

    /// Until there is something; two minutes bound a hang.
    private static func wait<Value>(_ look: () throws -> Value?) throws -> Value {
        let end = ContinuousClock.now + .seconds(120)
        while ContinuousClock.now < end {
            if let value = try look() { return value }
            usleep(20_000)
        }
        throw ProgramRun.TimedOut(description: "waited two minutes")
    }

    /// Tools that come from elsewhere.
    static let servers: [Scenario] = [
        Scenario(
            "mcp",
            [
                [
                    "calls": [
                        ["find": "in the notes of the fake", "input": ["key": "all"]],
                        ["find": "in the archive of the fake", "input": ["key": "none"]],
                    ]
                ],
                ["text": "{results}"],
            ], tools: "mcp__fake", arguments: ["--mcp-config", mcp], variables: ["ENABLE_TOOL_SEARCH": "false"],
            answer: "the notes say of all: forty-two | the archive say of none: forty-two"
        ) { requests, findings in
            let names = requests.first?.toolNames ?? []
            findings.expect(names.contains("mcp__fake__lookup") && names.allSatisfy { $0.utf8.count <= 64 }, "the tools: \(names)")
        },
        Scenario(
            "tool-search",
            [
                ["calls": [["name": "ToolSearch", "input": ["query": "select:mcp__fake__lookup"]]]],
                ["calls": [["name": "mcp__fake__lookup", "input": ["key": "all"]]]],
                ["text": "{results}"],
            ], tools: "mcp__fake,ToolSearch", arguments: ["--mcp-config", mcp], answer: "the notes say of all: forty-two"
        ) { requests, findings in
            findings.expect(requests.first?.toolNames.contains("mcp__fake__lookup") == false, "offered before it was searched for")
            findings.expect(requests.last?.toolNames.contains("mcp__fake__lookup") == true, "the tools: \(requests.last?.toolNames ?? [])")
        },
    ]

    private static let mcp =
        (["mcpServers": ["fake": ["command": .string("\(TestEnvironment.root)/Tests/IntegrationTests/Fakes/mcp_server.py")]]] as JSON).text
}
