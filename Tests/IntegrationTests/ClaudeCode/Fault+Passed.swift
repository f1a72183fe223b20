import JSON

extension Fault {
    /// The API's own faults, which reach the client as if nothing were between: behind `claude` the proxy does nothing of its own about them.
    static let passed: [Fault] = passedStatuses + passedRefusals + passedStreams

    private static func error(_ type: String, _ message: String) -> JSON {
        ["type": "error", "error": ["type": .string(type), "message": .string(message)]]
    }

    private static let limited = error("rate_limit_error", "so many tokens a minute")
    private static let overloaded = error("overloaded_error", "no room at all")
    private static let broken500 = error("api_error", "out of order")

    private static let passedStatuses: [Fault] = [
        Fault(
            name: "429-retry-after",
            steps: [["tries": [["status": 429, "headers": ["retry-after": 2], "body": limited], good]]], outcome: .answers("All is well."),
            requests: 2...2,
            check: { requests, findings in
                let pause = (requests.last?.time ?? 0) - (requests.first?.time ?? 0)
                findings.expect(pause >= 2, "it was asked again after \(pause) s, not the 2 s that it had asked for")
            }),
        .always("429-for-ever", ["status": 429, "body": limited], "so many tokens a minute", requests: 3...3),
        .once("529", ["status": 529, "body": overloaded]),
        .always("529-for-ever", ["status": 529, "body": overloaded], "no room at all", requests: 3...3),
        .always(
            "529-no-retry", ["status": 529, "headers": ["x-should-retry": "false"], "body": overloaded], "no room at all", requests: 1...1),
        .once("500", ["status": 500, "body": broken500]),
        .always("500-for-ever", ["status": 500, "body": broken500], "out of order", requests: 3...3),
        .once("502-html", ["status": 502, "body": "<html><title>Bad Gateway</title></html>"]),
        .once("close", ["close": true]),
    ]

    private static let passedRefusals: [Fault] = [
        .always("400", ["status": 400, "body": error("invalid_request_error", "top_k must be positive")], "top_k must be positive", requests: 1...6),
        .always("401", ["status": 401, "body": error("authentication_error", "no such key")], "no such key", requests: 1...3),
        .always("403", ["status": 403, "body": error("permission_error", "not for you")], "not for you", requests: 1...1),
        .always("404", ["status": 404, "body": error("not_found_error", "model: none of that name")], "model", requests: 1...2),
        .always("413", ["status": 413, "body": error("request_too_large", "much too much")], "too large", requests: 1...1),
        .always(
            "too-long", ["status": 400, "body": error("invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum")],
            "Prompt is too long", requests: 1...1),
    ]

    /// An answer of `broken` has twenty events; behind the eighteenth its only block is whole, and only its last words are missing.
    private static let passedStreams: [Fault] =
        [0, 1, 3, 9, 18].map { .once("cut-\($0)", broken(after: $0, "cut")) } + [1, 3, 9].map { .once("eof-\($0)", broken(after: $0, "eof")) } + [
            // The client asks for a whole answer in the end, and that is not cut.
            Fault(name: "cut-for-ever", steps: [broken(after: 9, "cut")], outcome: .answers("Some of many words."), requests: 2...8),
            .once("error-first", ["lines": events(error: overloaded)]),
            .once("error-mid", ["lines": .array(half + (events(error: overloaded).arrayValue ?? []))]),
            .once("no-answer", ["status": 200, "body": "<html>Welcome</html>"]),
            Fault(
                name: "unknown-event", steps: [["lines": .array(["event: news", "data: {\"type\": \"news\"}", ""] + whole)]],
                outcome: .answers("All is well."), requests: 1...1),
        ]

    private static func events(error: JSON) -> JSON { ["event: error", .string("data: \(error.text)"), ""] }

    private static func event(_ data: JSON) -> [JSON] { [.string("event: \(data["type"]?.stringValue ?? "")"), .string("data: \(data.text)"), ""] }

    /// The beginning of an answer, up to its first words.
    private static let half: [JSON] =
        event([
            "type": "message_start",
            "message": [
                "id": "msg_half", "type": "message", "role": "assistant", "model": "claude", "content": [], "stop_reason": .null,
                "stop_sequence": .null, "usage": ["input_tokens": 9, "output_tokens": 1],
            ],
        ]) + event(["type": "content_block_start", "index": 0, "content_block": ["type": "text", "text": ""]])
        + event(["type": "content_block_delta", "index": 0, "delta": ["type": "text_delta", "text": "All is well."]])

    private static let whole: [JSON] =
        half + event(["type": "content_block_stop", "index": 0])
        + event(["type": "message_delta", "delta": ["stop_reason": "end_turn", "stop_sequence": .null], "usage": ["output_tokens": 4]])
        + event(["type": "message_stop"])
}
