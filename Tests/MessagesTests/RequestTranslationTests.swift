import JSON
import Testing

@testable import Messages

@Suite struct RequestTranslationTests {
    static func request(_ messages: JSON, _ more: JSONObject = [:]) throws -> MessagesRequest {
        var body: JSONObject = ["model": "local", "max_tokens": 100, "messages": messages]
        for member in more.members { body[member.key] = member.value }
        return try MessagesRequest(.object(body))
    }

    static func body(_ request: MessagesRequest, _ dialect: BackendDialect = .generic, inline: Bool? = nil) throws -> JSONObject {
        var options = RequestTranslation.Options(dialect: dialect, keepsInlineSystem: inline)
        options.signature = "anyclaude.v1.local"
        let prefix = try RequestTranslation.prefix(of: request, dialect: dialect)
        return try RequestTranslation.body(
            of: request, prefix: prefix, turns: RequestTranslation.turns(of: request, prefix: prefix, options: options), options: options)
    }

    @Test func systemLosesItsAttributionAndEmptyBlocks() throws {
        let request = try Self.request(
            [["role": "user", "content": "hi"]],
            [
                "system": [
                    ["type": "text", "text": "x-anthropic-billing-header: cc_version=2.1.329.abc;"], ["type": "text", "text": "You are"],
                    ["type": "text", "text": ""], ["type": "text", "text": "an agent", "cache_control": ["type": "ephemeral"]],
                ]
            ])
        #expect(try Self.body(request)["messages"] == [["role": "system", "content": "You are\n\nan agent"], ["role": "user", "content": "hi"]])
        let routed = try Self.body(request, .openrouter)["messages"]?[0]?["content"]
        #expect(routed == [["type": "text", "text": "You are"], ["type": "text", "text": "an agent", "cache_control": ["type": "ephemeral"]]])
    }

    static let agent: JSON = [
        ["role": "user", "content": "do it"], ["role": "system", "content": "env: here"],
        [
            "role": "assistant",
            "content": [
                ["type": "thinking", "thinking": "hm", "signature": ""], ["type": "text", "text": "Two calls."],
                ["type": "tool_use", "id": "t1", "name": "Bash", "input": ["b": 1, "a": 2]],
                ["type": "tool_use", "id": "t2", "name": "Read", "input": [:]],
            ],
        ],
        [
            "role": "user",
            "content": [
                [
                    "type": "tool_result", "tool_use_id": "t2",
                    "content": [
                        ["type": "text", "text": "file"],
                        ["type": "image", "source": ["type": "base64", "media_type": "image/jpeg", "data": "iVBORw0KGgoAAA"]],
                    ],
                ],
                ["type": "tool_result", "tool_use_id": "t1", "is_error": true, "content": "no such"],
                ["type": "text", "text": "go on"],
            ],
        ],
    ]

    @Test func aToolRoundTripInTheOrderOfTheCalls() throws {
        let messages = try Self.body(Self.request(Self.agent))["messages"]
        #expect(messages?[0] == ["role": "user", "content": "do it\n\n<system-reminder>\nenv: here\n</system-reminder>"])
        #expect(messages?[1]?["content"] == "Two calls.")
        #expect(messages?[1]?["tool_calls"]?[0]?["function"] == ["name": "Bash", "arguments": "{\"b\":1,\"a\":2}"])
        #expect(messages?[1]?["tool_calls"]?[1]?["function"]?["arguments"] == "{}")
        #expect(messages?[2] == ["role": "tool", "tool_call_id": "t1", "content": "Error: no such"])
        #expect(messages?[3] == ["role": "tool", "tool_call_id": "t2", "content": "file"])
        // The picture is what its bytes say, not what its label says.
        #expect(
            messages?[4]?["content"] == [
                ["type": "text", "text": "go on"], ["type": "image_url", "image_url": ["url": "data:image/png;base64,iVBORw0KGgoAAA"]],
            ])
        #expect(messages?[5] == nil)
    }

    @Test func inlineSystemStaysWhereTheTemplateRendersIt() throws {
        let messages = try Self.body(Self.request(Self.agent), .native, inline: true)["messages"]
        #expect(messages?[1] == ["role": "system", "content": "env: here"])
        #expect(messages?[2]?["reasoning_content"] == "hm")
    }

    @Test func aReminderBehindResultsJoinsTheLastResult() throws {
        let messages = try Self.body(
            Self.request([
                ["role": "user", "content": "q"], ["role": "assistant", "content": [["type": "tool_use", "id": "t", "name": "f", "input": [:]]]],
                ["role": "user", "content": [["type": "tool_result", "tool_use_id": "t", "content": "r"]]], ["role": "system", "content": "note"],
            ]))["messages"]
        #expect(messages?[2]?["content"] == "r\n\n<system-reminder>\nnote\n</system-reminder>")
        #expect(messages?[3] == nil)
    }

    @Test func lostAndOrphanResultsAreNamed() throws {
        let messages = try Self.body(
            Self.request([
                ["role": "user", "content": "q"], ["role": "assistant", "content": [["type": "tool_use", "id": "t", "name": "f", "input": [:]]]],
                ["role": "user", "content": [["type": "tool_result", "tool_use_id": "other", "content": "r"]]],
            ]))["messages"]
        #expect(messages?[2] == ["role": "tool", "tool_call_id": "t", "content": "[no result]"])
        #expect(messages?[3]?["content"] == "[result of tool call other]\nr")
    }

    @Test func textgenGetsContentAndCallsApart() throws {
        let messages = try Self.body(Self.request(Self.agent), .mlxTextgen)["messages"]
        #expect(messages?[1] == ["role": "assistant", "content": "Two calls."])
        #expect(messages?[2]?["content"] == .null && messages?[2]?["tool_calls"]?[1] != nil)
    }

    @Test func toolsAndNames() throws {
        let long = "mcp__" + String(repeating: "server_", count: 12) + "list.files"
        let request = try Self.request(
            [["role": "user", "content": "hi"]],
            [
                "tools": [
                    [
                        "name": .string(long),
                        "input_schema": ["$schema": "https://json-schema.org/draft/2020-12/schema", "properties": ["a": ["type": "string"]]],
                    ],
                    ["name": "Later", "input_schema": [:], "defer_loading": true], ["type": "web_search_20250305", "name": "web_search"],
                ], "tool_choice": ["type": "tool", "name": .string(long), "disable_parallel_tool_use": true],
            ])
        let body = try Self.body(request)
        let wire = try #require(body["tools"]?[0]?["function"]?["name"]?.stringValue)
        #expect(wire.utf8.count == 64 && body["tools"]?[1] == nil)
        #expect(body["tools"]?[0]?["function"]?["parameters"] == ["properties": ["a": ["type": "string"]], "type": "object"])
        #expect(body["tool_choice"]?["function"]?["name"]?.stringValue == wire)
        #expect(body["parallel_tool_calls"] == false)
        #expect(try Self.body(request, .native)["parallel_tool_calls"] == false)
        #expect(try Self.body(request, .mlxLM)["parallel_tool_calls"] == nil)
        #expect(try RequestTranslation.prefix(of: request, dialect: .generic).names.original(wire) == long)
    }

    @Test func whatCannotBeServedIsRefusedByName() throws {
        let search = try Self.request([["role": "user", "content": "hi"]], ["tools": [["type": "web_search_20250305", "name": "web_search"]]])
        #expect(
            throws: AnthropicError.invalid(
                "tools.0: `web_search_20250305` is served by the Anthropic API alone; route this request to a `claude` backend")
        ) {
            _ = try Self.body(search)
        }
        let pdf = try Self.request([
            ["role": "user", "content": [["type": "document", "source": ["type": "base64", "media_type": "application/pdf", "data": ""]]]]
        ])
        #expect(throws: AnthropicError.self) { _ = try Self.body(pdf) }
    }

    /// A template that thinks unless told otherwise would spend the whole answer on thoughts that nobody asked for.
    @Test(
        arguments: [
            (nil, false), (["type": "disabled"], false), (["type": "enabled", "budget_tokens": 9], true), (["type": "adaptive"], true),
        ] as [(JSON?, Bool)])
    func thinkingIsSwitched(thinking: JSON?, isOn: Bool) throws {
        var more: JSONObject = [:]
        more["thinking"] = thinking
        let request = try Self.request([["role": "user", "content": "hi"]], more)
        for dialect: BackendDialect in [.native, .vllm, .llamaServer] {
            #expect(try Self.body(request, dialect)["chat_template_kwargs"] == ["enable_thinking": .bool(isOn), "thinking": .bool(isOn)])
        }
        let reasoning: JSON = isOn ? thinking?["budget_tokens"].map { ["max_tokens": $0] } ?? ["enabled": true] : ["enabled": false]
        #expect(try Self.body(request, .openrouter)["reasoning"] == reasoning)
        #expect(try Self.body(request, .generic)["chat_template_kwargs"] == nil)
        more["tool_choice"] = ["type": "any"]
        more["tools"] = [["name": "f", "input_schema": [:]]]
        let demanding = try Self.request([["role": "user", "content": "hi"]], more)
        #expect(try Self.body(demanding, .native)["chat_template_kwargs"] == ["enable_thinking": false, "thinking": false])
    }

    @Test func aFormIsAskedForAsTheServerKnowsIt() throws {
        let schema: JSON = ["type": "object"]
        let request = try Self.request(
            [["role": "user", "content": "hi"]], ["output_config": ["format": ["type": "json_schema", "schema": schema]]])
        #expect(try Self.body(request)["response_format"]?["json_schema"]?["schema"] == schema)
        #expect(try Self.body(request, .mlxTextgen)["response_format"]?["json_schema"] == schema)
        #expect(try Self.body(request, .native)["response_format"]?["json_schema"]?["schema"] == schema)
        let words = try Self.body(request, .mlxLM)
        #expect(words["response_format"] == nil)
        #expect(words["messages"]?[0]?["content"]?.stringValue?.hasPrefix("hi\n\nAnswer with one JSON value") == true)
        // Beside tools most servers would bind the calls to it.
        let format: JSON = ["format": ["type": "json_schema", "schema": schema]]
        let tools: JSON = [["name": "f", "input_schema": [:]]]
        let both = try Self.request([["role": "user", "content": "hi"]], ["output_config": format, "tools": tools])
        #expect(try Self.body(both, .native)["response_format"] == nil && Self.body(both, .generic)["response_format"] != nil)
    }

    @Test(
        arguments: [
            (#"{"device_id":"d","account_uuid":"a","session_id":"s"}"#, "d"), ("user-1", "user-1"), (#"{"session_id":"s"}"#, nil), ("", nil),
        ] as [(String, String?)])
    func whoAsksIsToldWithoutTheSession(id: String, user: String?) throws {
        let request = try Self.request([["role": "user", "content": "hi"]], ["metadata": ["user_id": .string(id)]])
        #expect(try Self.body(request, .openrouter)["user"]?.stringValue == user)
        for dialect in BackendDialect.all where dialect.name != "openrouter" { #expect(try Self.body(request, dialect)["user"] == nil) }
    }

    @Test func effortHasItsPlace() throws {
        func body(_ effort: JSON, _ dialect: BackendDialect) throws -> JSONObject {
            let more: JSONObject = ["output_config": ["effort": effort], "thinking": ["type": "adaptive"]]
            return try Self.body(Self.request([["role": "user", "content": "hi"]], more), dialect)
        }
        for (effort, word) in [("low", "low"), ("xhigh", "high"), ("max", "high")] as [(JSON, JSON)] {
            #expect(try body(effort, .vllm)["reasoning_effort"] == word)
            #expect(try body(effort, .native)["chat_template_kwargs"]?["reasoning_effort"] == word)
            #expect(try body(effort, .openrouter)["reasoning"] == ["effort": word])
            #expect(try body(effort, .lmstudio)["reasoning_effort"] == nil)
        }
        #expect(try body("utmost", .vllm)["reasoning_effort"] == nil && body("utmost", .openrouter)["reasoning"] == ["enabled": true])
    }

    @Test func limits() throws {
        let request = try Self.request([["role": "user", "content": "hi"]], ["max_tokens": 0, "stop_sequences": ["A"], "top_k": 5])
        #expect(try Self.body(request)["max_tokens"] == 1)
        #expect(try Self.body(request, .native)["max_tokens"] == 0)
        #expect(try Self.body(request)["top_k"] == nil)
        #expect(try Self.body(request)["stop"] == ["A"])
        let many = try Self.request([["role": "user", "content": "hi"]], ["stop_sequences": ["A", "B", "C", "D", "E"]])
        #expect(try Self.body(many)["stop"] == ["A", "B", "C", "D"] && Self.body(many, .vllm)["stop"]?[4] == "E")
    }

    @Test(arguments: [
        ("[]", "the body must be a JSON object, found a list"), ("{}", "model: Field required"),
        (#"{"model":"m","max_tokens":1}"#, "messages: Input should be a valid list"),
        (#"{"model":"m","messages":[{}]}"#, "max_tokens: Field required"),
        (
            #"{"model":"m","max_tokens":1,"messages":[{"role":"robot","content":""}]}"#,
            "messages.0.role: Input should be 'user', 'assistant' or 'system', found 'robot'"
        ),
        (
            #"{"model":"m","max_tokens":1,"messages":[{"role":"user","content":[{"type":"text"}]}]}"#,
            "messages.0.content.0.text.text: Input should be a valid string"
        ),
    ])
    func badRequestsAreNamed(text: String, message: String) throws {
        let json = try JSON(parsing: text)
        #expect(throws: AnthropicError.invalid(message)) { _ = try MessagesRequest(json) }
    }
}
