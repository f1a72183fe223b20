import JSON

extension Fault {
    /// The rows of the client's error table (what it does by itself: facts on the client, section 4), as they come through the proxy.
    static let table: [Fault] = statuses + refusals + streams + answers

    /// A worker under the supervisor: the proxy waits for it, and asks it again by itself.
    static let ofAWorker: [Fault] = [
        .once("dies", ["die": true]),
        .once("closes", ["close": true]),
        .once("dies-late", broken(after: 0, "cut")),
        .always("closes-for-ever", ["close": true], "broke off", requests: 3...9),
    ]

    /// What may be over at the next try.
    private static let statuses: [Fault] = [
        .once("429", ["status": 429, "body": ["error": ["message": "slow down", "type": "rate_limit_error"]]]),
        .once("500", ["status": 500]),
        .once("502-html", ["status": 502, "body": "<html><title>Bad Gateway</title></html>"]),
        .once("503", ["status": 503, "headers": ["retry-after": 1]]),
        .once("529", ["status": 529, "headers": ["retry-after": 1]]),
        .once("close", ["close": true]),
        .always("429-for-ever", ["status": 429, "body": ["error": ["message": "slow down"]]], "slow down", requests: 3...3),
        .always("500-for-ever", ["status": 500, "body": ["error": ["message": "out of order"]]], "out of order", requests: 3...3),
        .always("close-for-ever", ["close": true], "500", requests: 3...3),
        Fault(
            name: "retry-after", steps: [["tries": [["status": 429, "headers": ["retry-after": 2]], good]]], outcome: .answers("All is well."),
            requests: 2...2,
            check: { requests, findings in
                let pause = (requests.last?.time ?? 0) - (requests.first?.time ?? 0)
                findings.expect(pause >= 2, "it was asked again after \(pause) s, not the 2 s that it had asked for")
            }),
    ]

    /// What no further try can change: it is told at once.
    private static let refusals: [Fault] = [
        // The client leaves out what a server may not know, step by step, and asks again at once.
        .always("400", ["status": 400, "body": ["error": ["message": "top_k must be positive"]]], "top_k must be positive", requests: 1...6),
        .always("401", ["status": 401, "body": ["error": ["message": "no such key"]]], "no such key", requests: 1...1),
        .always("403", ["status": 403, "body": ["error": ["message": "not for you"]]], "not for you", requests: 1...1),
        .always("404", ["status": 404, "body": ["error": ["message": "no such model"]]], "model", requests: 1...2),
        .always("413", ["status": 413, "body": ["error": ["message": "much too much"]]], "too large", requests: 1...1),
        .always(
            "overflow",
            [
                "status": 400,
                "body": [
                    "object": "error",
                    "message":
                        "This model's maximum context length is 4096 tokens. However, you requested 9000 tokens (8000 in the messages, 1000 in the completion).",
                ],
            ], "Prompt is too long", requests: 1...1),
        Fault(
            name: "shrink",
            steps: [
                [
                    "tries": [
                        [
                            "status": 400,
                            "body": [
                                "error": [
                                    "message":
                                        "This model's maximum context length is 40000 tokens. However, you requested 52000 tokens (20000 in the messages, 32000 in the completion)."
                                ]
                            ],
                        ], good,
                    ]
                ]
            ], outcome: .answers("All is well."), requests: 2...2,
            check: { requests, findings in
                // The proxy asks for all that is left, the client for a thousand less.
                findings.expect(
                    [19_000, 20_000].contains(requests.last?.body["max_tokens"]?.intValue),
                    "asked for \(requests.last?.body["max_tokens"]?.text ?? "nothing")")
            }),
    ]

    /// A stream that does not end as it should.
    private static let streams: [Fault] =
        [0, 1, 3, 9].map { .once("cut-\($0)", broken(after: $0, "cut")) } + [0, 1, 3, 9].map { .once("eof-\($0)", broken(after: $0, "eof")) } + [
            .once("empty", ["lines": []]),
            .once("done-only", ["lines": ["data: [DONE]", ""]]),
            .once("no-answer", ["status": 200, "body": "<html>Welcome</html>"]),
            .once("error-first", ["lines": [.string(overloaded), ""]]),
            .once(
                "error-mid",
                [
                    "lines": [
                        "data: {\"choices\": [{\"index\": 0, \"delta\": {\"role\": \"assistant\", \"content\": \"Half\"}}]}", "", .string(overloaded),
                        "",
                    ]
                ]),
            .once("error-bare", ["lines": ["error: {\"code\": 503, \"message\": \"no slot\", \"type\": \"unavailable_error\"}", ""]]),
            .once("silent-head", broken(after: 0, "hang")),
            .once("silent-mid", broken(after: 4, "hang")),
            .always("cut-for-ever", broken(after: 3, "cut"), "broke off its answer", requests: 2...8),
        ]

    private static let overloaded = "data: {\"error\": {\"message\": \"no room\", \"type\": \"overloaded_error\", \"code\": 529}}"

    /// Answers that are odd and yet answers.
    private static let answers: [Fault] = [
        Fault(
            name: "slow", steps: [["text": "All is well.", "wait": 2.5]], variables: ["CLAUDE_STREAM_IDLE_TIMEOUT_MS": "1000"],
            outcome: .answers("All is well."), requests: 1...1),
        Fault(
            name: "whole-instead-of-stream",
            steps: [
                [
                    "status": 200,
                    "body": [
                        "id": "1", "object": "chat.completion", "model": "m",
                        "choices": [["index": 0, "message": ["role": "assistant", "content": "All is well."], "finish_reason": "stop"]],
                    ],
                ]
            ], outcome: .answers("All is well."), requests: 1...1),
        Fault(
            name: "malformed-arguments",
            steps: [["calls": [["name": "Bash", "arguments": "{\"command\": \"echo"]]], ["text": "It says {results}"]],
            arguments: ["--allowedTools", "Bash"],
            outcome: .answers("It says "), requests: 2...2),
        Fault(
            name: "no-arguments", steps: [["calls": [["name": "Bash", "arguments": ""]]], ["text": "It says {results}"]],
            arguments: ["--allowedTools", "Bash"], outcome: .answers("It says "), requests: 2...2),
        Fault(
            name: "too-short", steps: [["text": "First half,", "finish": "length"], ["text": " second half."]], outcome: .answers("second half."),
            requests: 2...2),
        Fault(name: "nothing-said", steps: [["tries": [["text": ""], good]]], outcome: .answers("All is well."), requests: 2...2),
    ]
}
