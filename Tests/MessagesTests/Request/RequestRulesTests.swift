import JSON
import Testing

@testable import Messages

/// What a request may hold, by the version of the API that it names.
@Suite struct RequestRulesTests {
    private static func body(_ messages: JSON, _ more: JSONObject = [:]) -> JSON {
        var body: JSONObject = ["model": "m", "max_tokens": 9, "messages": messages]
        for member in more.members { body[member.key] = member.value }
        return .object(body)
    }

    private static let hi: JSON = [["role": "user", "content": "hi"]]
    private static let document: JSON = ["type": "document", "source": ["type": "text", "media_type": "text/plain", "data": "d"]]

    @Test(
        arguments: [
            (nil, .of2023), ("2023-06-01", .of2023), ("2026-10-20", .of2023), ("2026-10-21", .of2026), ("2027-01-01", .of2026), ("next", .of2023),
            ("9999999999", .of2023),
        ] as [(String?, APIVersion)])
    func theHeaderNamesTheRules(header: String?, version: APIVersion) { #expect(APIVersion(header: header) == version) }

    /// Even where the value is what it would be anyway.
    @Test(arguments: ["temperature", "top_p", "top_k"]) func samplingIsOfTheOlderVersion(key: String) throws {
        let body = Self.body(Self.hi, [key: 1])
        #expect(try MessagesRequest(body).json[key] == 1)
        let error = #expect(throws: AnthropicError.self) { try MessagesRequest(body, version: .of2026) }
        #expect(error?.kind == .invalidRequest && error?.message.hasPrefix("\(key): Extra inputs are not permitted") == true)
        #expect(try MessagesRequest(Self.body(Self.hi, [key: nil]), version: .of2026).json[key] == .null)
        #expect(throws: AnthropicError.self) { try MessagesRequest(body, isCount: true, version: .of2026) }
        for wrong: JSON in ["hot", -1, 1e300] { #expect(throws: AnthropicError.self) { try MessagesRequest(Self.body(Self.hi, [key: wrong])) } }
    }

    @Test func documentsOfTheAssistantAreOfTheOlderVersion() throws {
        let body = Self.body([
            ["role": "user", "content": "hi"], ["role": "assistant", "content": [Self.document]], ["role": "user", "content": "go"],
        ])
        #expect(try MessagesRequest(body).turns[1].content == [.document(Self.document)])
        let error = #expect(throws: AnthropicError.self) { try MessagesRequest(body, version: .of2026) }
        #expect(error?.message.hasPrefix("messages.1.content.0: `document` blocks") == true)
        #expect(throws: Never.self) { try MessagesRequest(Self.body([["role": "user", "content": [Self.document]]]), version: .of2026) }
    }

    @Test func citationsOnUserTextAreOfTheOlderVersion() throws {
        func text(_ role: JSON, _ citations: JSON) -> JSON {
            Self.body([["role": "user", "content": "hi"], ["role": role, "content": [["type": "text", "text": "t", "citations": citations]]]])
        }
        #expect(throws: Never.self) { try MessagesRequest(text("user", [["cited_text": "c"]])) }
        #expect(throws: Never.self) { try MessagesRequest(text("user", []), version: .of2026) }
        #expect(throws: Never.self) { try MessagesRequest(text("assistant", [["cited_text": "c"]]), version: .of2026) }
        let error = #expect(throws: AnthropicError.self) { try MessagesRequest(text("user", [["cited_text": "c"]]), version: .of2026) }
        #expect(error?.message.hasPrefix("messages.1.content.0.text.citations:") == true)
    }

    @Test(
        arguments: [
            (
                "user", ["type": "tool_use", "id": "t", "name": "f", "input": [:]],
                "messages.1.content.0: `tool_use` blocks can only be in `assistant` messages"
            ),
            ("assistant", ["type": "tool_result", "tool_use_id": "t"], "messages.1.content.0: `tool_result` blocks can only be in `user` messages"),
            ("system", ["type": "tool_result", "tool_use_id": "t"], "messages.1.content.0: `tool_result` blocks can only be in `user` messages"),
            ("user", ["type": "thinking", "thinking": "t"], "messages.1.content.0: `thinking` blocks can only be in `assistant` messages"),
            ("assistant", ["type": "tool_use", "id": "", "name": "f"], "messages.1.content.0.tool_use.id: String should have at least 1 character"),
            (
                "assistant", ["type": "tool_use", "id": "t", "name": ""],
                "messages.1.content.0.tool_use.name: String should have at least 1 character"
            ),
            (
                "system", ["type": "image", "source": ["type": "url", "url": "https://x"]],
                "messages.1.content.0: `image` blocks cannot be in `system` messages"
            ),
        ] as [(JSON, JSON, String)])
    func whatStandsInAWrongPlaceIsNamed(role: JSON, block: JSON, message: String) {
        #expect(throws: AnthropicError.invalid(message)) {
            try MessagesRequest(Self.body([["role": "user", "content": "hi"], ["role": role, "content": [block]]]))
        }
    }

    @Test(
        arguments: [
            (["tool_choice": ["type": "any"]], "tool_choice: any may only be specified while providing tools"),
            (["tool_choice": ["type": "tool", "name": "f"]], "tool_choice.tool.name: the tool 'f' is not among the tools of the request"),
            (["tool_choice": ["type": "most"]], "tool_choice.type: Input should be 'auto', 'any', 'tool' or 'none'"),
            (["stop_sequences": ["\n "]], "stop_sequences.0: each stop sequence must contain non-whitespace"),
            (["stop_sequences": [1]], "stop_sequences.0: Input should be a valid string"),
            (["max_tokens": -1], "max_tokens: Input should be an integer that is not negative"),
            (["tools": "all"], "tools: Input should be a valid list, found a string"),
        ] as [(JSONObject, String)])
    func wrongMembersAreNamed(more: JSONObject, message: String) {
        #expect(throws: AnthropicError.invalid(message)) { try MessagesRequest(Self.body(Self.hi, more)) }
    }

    /// What clients send that no translation reads.
    @Test func whatIsNotKnownIsNoFault() throws {
        let request = try MessagesRequest(
            Self.body(
                [
                    ["role": "ctx", "content": [["type": "hologram", "text": "h"], ["type": "container_upload", "file_id": "f"]], "beta": true],
                    ["role": "system", "output_config": ["effort": "low"]],
                ],
                [
                    "context_management": ["edits": [["type": "clear_thinking_20251015", "keep": "all"]]], "container": nil, "speed": "fast",
                    "diagnostics": ["previous_message_id": "msg_1"], "service_tier": "auto", "inference_geo": "eu", "fallbacks": [], "thread": [:],
                    "thinking": ["type": "between_tools"], "mcp_servers": [], "output_config": ["effort": "max"],
                ]), version: .of2026)
        #expect(request.turns[0].role == .user && request.thinking == .on(budget: nil))
        #expect(request.json["context_management"] != nil)
        // A system turn speaks for the answer that follows it.
        #expect(request.effort == "low")
    }
}
