import Foundation
import JSON

extension Scenario {
    /// Each tool of a coding session, alone and side by side: the call reaches the client, its result the model.
    static let tools: [Scenario] = [
        Scenario("one-shot", [["text": "Good day to you."]], answer: "Good day to you.") { requests, findings in
            findings.expect(requests.first?.body["stream"] == true, "the request is not a stream")
            findings.expect(requests.first?.toolNames.contains("Bash") == true, "the tools: \(requests.first?.toolNames ?? [])")
        },
        Scenario(
            "reasoning", [["reasoning": "Let me think of it.", "text": "Thought out."]], answer: "Thought out."),
        Scenario(
            "bash",
            [["text": "I look.", "calls": [["name": "Bash", "input": ["command": "echo $((6 * 7)) äöü '\"' "]]]], ["text": "It says {results}."]],
            tools: "Bash", answer: "It says 42 äöü \"."
        ) { requests, findings in
            let last = requests.last
            findings.expect(last?.texts("tool") == ["42 äöü \""], "the result: \(last?.texts("tool") ?? [])")
            findings.expect(last?.texts("assistant").last == "I look.", "the model's words: \(last?.texts("assistant") ?? [])")
        },
        Scenario(
            "files",
            [
                ["calls": [["name": "Write", "input": ["file_path": "@WORK@/notes.md", "content": "one\ntwo\nthree\n"]]]],
                ["calls": [["name": "Read", "input": ["file_path": "@WORK@/notes.md"]]]],
                ["calls": [["name": "Edit", "input": ["file_path": "@WORK@/notes.md", "old_string": "two", "new_string": "zwei"]]]],
                ["calls": [["name": "Bash", "input": ["command": "cat notes.md"]]]],
                ["text": "Now: {results}"],
            ], tools: "Write,Read,Edit,Bash", answer: "Now: one\nzwei\nthree"
        ) { requests, findings in
            findings.expect(
                requests.count == 5 && requests[2].texts("tool").last?.contains("2\ttwo") == true, "Read gave \(requests[2].texts("tool"))")
        },
        // The client offers its search where it is permitted by name; elsewhere its model searches with Bash.
        Scenario(
            "grep",
            [
                ["calls": [["name": "Grep", "input": ["pattern": "need(le|ful)", "path": "@WORK@"]]]],
                ["calls": [["name": "Grep", "input": ["pattern": "needle", "path": "@WORK@", "output_mode": "content", "-n": true, "-i": true]]]],
                ["calls": [["name": "Grep", "input": ["pattern": "haystack", "path": "@WORK@", "output_mode": "count"]]]],
                ["text": "Found: {results}"],
            ], tools: "Grep", prepare: haystack, answer: "Found: "
        ) { requests, findings in
            let results = requests.last?.texts("tool") ?? []
            guard results.count == 3 else { return findings.expect(false, "the results: \(results)") }
            findings.expect(results[0].contains("deep/b.md") && !results[0].contains("a.txt"), "the files: \(results[0])")
            findings.expect(results[1].contains("deep/b.md:2:a needle"), "the lines: \(results[1])")
            findings.expect(results[2].contains("a.txt:2") && results[2].contains("3 total"), "the counts: \(results[2])")
        },
        Scenario(
            "grep-by-bash", [["calls": [["name": "Bash", "input": ["command": "grep -rn needle ."]]]], ["text": "Found: {results}"]],
            tools: "Bash", prepare: haystack, answer: "deep/b.md:2:a needle"
        ) { requests, findings in
            findings.expect(requests.first?.toolNames.contains("Grep") == false, "the tools: \(requests.first?.toolNames ?? [])")
        },
        Scenario(
            "parallel",
            [
                [
                    "text": "Both at once.",
                    "calls": [
                        ["name": "Bash", "input": ["command": "sleep 0.3; echo first"]], ["name": "Bash", "input": ["command": "echo second"]],
                        ["name": "Read", "input": ["file_path": "@WORK@/there.txt"]],
                    ],
                ], ["text": "{results}"],
            ], tools: "Bash,Read",
            prepare: { name, stack in
                try "third\n".write(toFile: stack.makeWorkFolder(name) + "/there.txt", atomically: true, encoding: .utf8)
            }, answer: "first | second | "
        ) { requests, findings in
            let message = requests.last?.messages.last { $0["role"] == "assistant" }
            let calls = (message?["tool_calls"]?.arrayValue ?? []).compactMap { $0["id"]?.stringValue }
            let results = (requests.last?.messages ?? []).compactMap { $0["tool_call_id"]?.stringValue }
            findings.expect(calls.count == 3 && calls == results, "the calls \(calls) got \(results)")
        },
        Scenario(
            "failing-tool", [["calls": [["name": "Bash", "input": ["command": "echo oh >&2; exit 3"]]]], ["text": "It says {results}"]],
            tools: "Bash", answer: "oh"),
        Scenario(
            "unknown-tool", [["calls": [["name": "NoSuchTool", "input": ["a": 1]]]], ["text": "It says {results}"]], answer: "NoSuchTool"),
        Scenario(
            "image",
            [["calls": [["name": "Read", "input": ["file_path": "@WORK@/dot.png"]]]], ["text": "I see it."]], tools: "Read",
            prepare: { name, stack in
                try (Data(base64Encoded: dot) ?? Data()).write(to: URL(filePath: stack.makeWorkFolder(name) + "/dot.png"))
            }, answer: "I see it."
        ) { requests, findings in
            let parts = (requests.last?.messages ?? []).flatMap { $0["content"]?.arrayValue ?? [] }
            let images = parts.compactMap { $0["image_url"]?["url"]?.stringValue }
            findings.expect(images.count == 1 && images[0].hasPrefix("data:image/"), "the images: \(images.map { $0.prefix(40) })")
        },
        // What OpenRouter says of its reasoning, before its call and behind it, is what it gets back.
        Scenario(
            "reasoning-details",
            [
                reasoned(
                    "tool_Bash_a", details(["type": "reasoning.text", "text": "I look.", "index": 0, "signature": "S1"]), secret("tool_Bash_a")),
                reasoned("tool_Bash_b", behind: secret("tool_Bash_b")), ["text": "It says {results}."],
            ], tools: "Bash", arguments: ["--model", "as-openrouter"], answer: "It says reasoned."
        ) { requests, findings in
            let messages = (requests.last?.messages ?? []).filter { $0["role"] == "assistant" }
            let secrets = messages.map { ($0["reasoning_details"]?.arrayValue ?? []).compactMap { $0["signature"] ?? $0["data"] } }
            findings.expect(secrets == [["S1", "of tool_Bash_a"], ["of tool_Bash_b"]], "what came back: \(messages.map(\.text))")
            let calls = messages.map { $0["tool_calls"]?[0]?["id"] }
            findings.expect(calls == ["tool_Bash_a", "tool_Bash_b"], "the calls: \(calls)")
            let results = (requests.last?.messages ?? []).compactMap { $0["tool_call_id"] }
            findings.expect(results == ["tool_Bash_a", "tool_Bash_b"], "the results are of \(results)")
        },
    ]

    private static func details(_ detail: JSON) -> JSON { ["reasoning_details": [detail]] }

    private static func secret(_ call: String) -> JSON {
        details(["type": "reasoning.encrypted", "data": .string("of \(call)"), "id": .string(call), "format": "google-gemini-v1", "index": 1])
    }

    /// An answer with one call of the server's own id, and what it says before it and behind it.
    private static func reasoned(_ call: String, _ before: JSON..., behind: JSON? = nil) -> JSON {
        let function: JSON = ["name": "Bash", "arguments": .string((["command": "echo reasoned"] as JSON).text)]
        let deltas =
            before + [["tool_calls": [["index": 0, "id": .string(call), "type": "function", "function": function]]]] + (behind.map { [$0] } ?? [])
        let chunks =
            deltas.map { ["choices": [["index": 0, "delta": $0, "finish_reason": nil]]] as JSON }
            + [["choices": [["index": 0, "delta": [:], "finish_reason": "tool_calls"]]]]
        return ["lines": .array((chunks.map { "data: " + $0.text } + ["data: [DONE]"]).flatMap { [.string($0), ""] })]
    }

    private static let haystack: @Sendable (String, ScriptedStack) throws -> Void = { name, stack in
        let place = try stack.makeWorkFolder(name)
        try FileManager.default.createDirectory(atPath: "\(place)/deep", withIntermediateDirectories: true)
        try "haystack\nhaystack\n".write(toFile: "\(place)/a.txt", atomically: true, encoding: .utf8)
        try "a haystack\na needle\n".write(toFile: "\(place)/deep/b.md", atomically: true, encoding: .utf8)
    }

    /// A red dot, 8 by 8.
    private static let dot =
        "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEUlEQVR42mP4z8CAFTEMLQkAKP8/wc53yE8AAAAASUVORK5CYII="
}
