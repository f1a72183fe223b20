import JSON
import Testing

@testable import Messages

/// Requests of chat-completions clients, asked of the Messages API.
@Suite struct ChatToMessagesTests {
    private func body(_ members: JSONObject, sampling: Bool = true, model: String? = nil) throws -> JSON {
        var request: JSONObject = ["model": "claude-x", "messages": [["role": "user", "content": "hi"]]]
        for member in members.members { request[member.key] = member.value }
        let options = ChatToMessages.Options(model: model, maxTokens: 1000, allowsSampling: sampling)
        return .object(try ChatToMessages.body(of: try OpenAI.ChatRequest(.object(request)), options))
    }

    @Test func rolesAndResults() throws {
        let body = try body([
            "messages": [
                ["role": "system", "content": "be brief"], ["role": "developer", "content": [["type": "text", "text": "be kind"]]],
                ["role": "user", "content": "weather?"],
                [
                    "role": "assistant", "content": "I look.", "reasoning_content": "hm",
                    "tool_calls": [
                        ["id": "a", "type": "function", "function": ["name": "f", "arguments": "{\"x\": 1}"]],
                        ["id": "b", "type": "function", "function": ["name": "g", "arguments": ""]],
                    ],
                ],
                ["role": "tool", "tool_call_id": "a", "content": "sun"], ["role": "tool", "tool_call_id": "b", "content": ""],
                ["role": "system", "content": "hurry"], ["role": "user", "content": "and?"],
            ]
        ])
        #expect(body["system"] == "be brief\n\nbe kind")
        #expect(
            body["messages"] == [
                ["role": "user", "content": [["type": "text", "text": "weather?"]]],
                [
                    "role": "assistant",
                    "content": [
                        ["type": "text", "text": "I look."], ["type": "tool_use", "id": "a", "name": "f", "input": ["x": 1]],
                        ["type": "tool_use", "id": "b", "name": "g", "input": [:]],
                    ],
                ],
                [
                    "role": "user",
                    "content": [
                        ["type": "tool_result", "tool_use_id": "a", "content": [["type": "text", "text": "sun"]]],
                        ["type": "tool_result", "tool_use_id": "b", "content": []],
                        ["type": "text", "text": "<system-reminder>\nhurry\n</system-reminder>"], ["type": "text", "text": "and?"],
                    ],
                ],
            ])
        #expect(body["stream"] == true && body["max_tokens"] == 1000)
    }

    @Test func toolsAndHowTheyAreUsed() throws {
        let tools: JSON = [["type": "function", "function": ["name": "f", "description": "d", "strict": true, "parameters": ["type": "object"]]]]
        let plain = try body(["tools": tools])
        #expect(plain["tools"] == [["name": "f", "input_schema": ["type": "object"], "description": "d", "strict": true]])
        #expect(plain["tool_choice"] == nil)
        #expect(try body(["tools": tools, "tool_choice": "required"])["tool_choice"] == ["type": "any"])
        #expect(try body(["tools": tools, "tool_choice": "none", "parallel_tool_calls": false])["tool_choice"] == ["type": "none"])
        #expect(try body(["tools": tools, "parallel_tool_calls": false])["tool_choice"] == ["type": "auto", "disable_parallel_tool_use": true])
        let named: JSON = ["type": "function", "function": ["name": "f"]]
        #expect(try body(["tools": tools, "tool_choice": named])["tool_choice"] == ["type": "tool", "name": "f"])
    }

    @Test func picturesAndFiles() throws {
        let parts: JSON = [
            ["type": "text", "text": "what?"], ["type": "image_url", "image_url": ["url": "data:image/png;base64,AAAA"]],
            ["type": "image_url", "image_url": ["url": "https://example.org/a.png"]],
            ["type": "file", "file": ["file_data": "data:application/pdf;base64,JVBE"]],
        ]
        let content = try body(["messages": [["role": "user", "content": parts]]])["messages"]?[0]?["content"]
        #expect(
            content == [
                ["type": "text", "text": "what?"],
                ["type": "image", "source": ["type": "base64", "media_type": "image/png", "data": "AAAA"]],
                ["type": "image", "source": ["type": "url", "url": "https://example.org/a.png"]],
                ["type": "document", "source": ["type": "base64", "media_type": "application/pdf", "data": "JVBE"]],
            ])
    }

    @Test func samplingAndFormats() throws {
        let wishes: JSONObject = [
            "temperature": 1.5, "top_p": 0.5, "stop": "END", "max_completion_tokens": 7, "user": "u", "reasoning_effort": "minimal",
            "response_format": ["type": "json_schema", "json_schema": ["name": "n", "schema": ["type": "object"]]], "seed": 3,
        ]
        let body = try body(wishes)
        #expect(body["temperature"] == 1 && body["top_p"] == 0.5 && body["stop_sequences"] == ["END"] && body["max_tokens"] == 7)
        #expect(body["output_config"] == ["effort": "low", "format": ["type": "json_schema", "schema": ["type": "object"]]])
        #expect(body["metadata"] == ["user_id": "u"] && body["seed"] == nil)
        // Refused by versions of the API from 2026-10-21 on.
        let newer = try self.body(wishes, sampling: false)
        #expect(newer["temperature"] == nil && newer["top_p"] == nil)
        #expect(try self.body(["max_tokens": 5000])["max_tokens"] == 1000)
        #expect(try self.body(["reasoning_effort": "none"])["thinking"] == ["type": "disabled"])
        #expect(try self.body([:], model: "claude-y")["model"] == "claude-y")
        #expect(try self.body(["response_format": ["type": "json_object"]])["system"]?.stringValue?.contains("JSON") == true)
    }

    @Test(
        arguments: [
            (["n": 2], "n"), (["logprobs": true], "logprobs"), (["messages": [["role": "robot", "content": "x"]]], "messages[0]"),
            (["messages": [["role": "user", "content": 3]]], "messages[0].content"), (["messages": []], "messages"),
            (["messages": [["role": "tool", "content": "x"]]], "messages[0]"),
            (["messages": [["role": "user", "content": [["type": "input_audio"]]]]], "messages[0].content[0]"),
            (["messages": [["role": "user", "content": [["type": "image_url", "image_url": ["url": "data:x"]]]]]], "messages[0].content[0]"),
        ] as [(JSONObject, String)])
    func whatHasNoCounterpartIsNamed(members: JSONObject, param: String) {
        let failure = #expect(throws: OpenAI.Failure.self) { _ = try body(members) }
        #expect(failure?.status == 400 && failure?.param == param, "\(String(describing: failure))")
    }
}
