import Foundation
import Hummingbird
import JSON
import LaunchPlan
import Messages
import Serving
import Testing

@testable import Proxy

/// Servers that leave calls and thinking in the text of their answers.
@Suite(.timeLimit(.minutes(10))) struct TextFormatTests {
    private static let tools: JSON = [
        [
            "name": "get_weather",
            "input_schema": [
                "type": "object", "properties": ["city": ["type": "string"], "days": ["type": "integer"]], "required": ["city"],
            ],
        ]
    ]

    /// A server that says the text a few characters at a time, and then why it ended.
    private static func server(_ text: String, pieces length: Int = 3, finish: String = "stop") throws -> ScriptedServer {
        let characters = Array(text)
        return try ScriptedServer { _ in
            ServerSentEvents.response { writer in
                for start in stride(from: 0, to: characters.count, by: length) {
                    let piece = String(characters[start..<min(start + length, characters.count)])
                    try await writer.event(data: Worker.chunk(["content": .string(piece)]))
                }
                try await writer.event(data: Worker.chunk([:], finish: .string(finish)))
                try await writer.event(data: Array("[DONE]".utf8))
            }
        }
    }

    private static func settings(
        _ server: ScriptedServer, _ dialect: ProxySettings.ToolCallDialect?, _ reasoning: ProxySettings.ReasoningFormat? = nil
    ) -> ProxySettings {
        ProxyUnderTest.settings(
            .init(
                name: "w", api: .openai, dialect: "mlx-textgen", target: .url(base: server.base), model: "m", toolCallDialect: dialect,
                reasoningFormat: reasoning))
    }

    @Test func everyDeclaredDialectIsKnown() {
        for dialect in ProxySettings.ToolCallDialect.allCases { #expect(ToolCallDialects.named(dialect.rawValue)?.name == dialect.rawValue) }
    }

    struct Example: Sendable, CustomTestStringConvertible {
        var dialect: String
        var text: String
        var calls: [JSON]
        var testDescription: String { dialect }
    }

    private static let call = (name: "get_weather", arguments: #"{"city": "Paris", "days": 2}"#)
    private static let wanted: [JSON] = [["name": "get_weather", "arguments": ["city": "Paris", "days": 2]]]
    /// One call in each notation that a backend can declare.
    private static let own: [Example] = [
        Example(dialect: "hermes", text: "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": \(call.arguments)}\n</tool_call>", calls: wanted),
        Example(
            dialect: "qwen3-coder",
            text:
                "<tool_call>\n<function=get_weather>\n<parameter=city>\nParis\n</parameter>\n<parameter=days>\n2\n</parameter>\n</function>\n</tool_call>",
            calls: wanted),
        Example(dialect: "llama3", text: "{\"name\": \"get_weather\", \"parameters\": \(call.arguments)}", calls: wanted),
        Example(dialect: "llama32-pythonic", text: "[get_weather(city=\"Paris\", days=2)]", calls: wanted),
        Example(dialect: "mistral", text: "[TOOL_CALLS]get_weather[ARGS]\(call.arguments)", calls: wanted),
        Example(
            dialect: "mistral", text: "[TOOL_CALLS] [{\"name\": \"get_weather\", \"arguments\": \(call.arguments), \"id\": \"a\"}]", calls: wanted),
        Example(
            dialect: "deepseek",
            text: "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>get_weather<｜tool▁sep｜>\(call.arguments)<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
            calls: wanted),
        Example(
            dialect: "kimi-k2",
            text:
                "<|tool_calls_section_begin|><|tool_call_begin|>functions.get_weather:0<|tool_call_argument_begin|>\(call.arguments)<|tool_call_end|><|tool_calls_section_end|>",
            calls: wanted),
        Example(
            dialect: "glm",
            text:
                "<tool_call>get_weather\n<arg_key>city</arg_key>\n<arg_value>Paris</arg_value>\n<arg_key>days</arg_key>\n<arg_value>2</arg_value>\n</tool_call>",
            calls: wanted),
        Example(
            dialect: "minimax",
            text:
                "<minimax:tool_call>\n<invoke name=\"get_weather\">\n<parameter name=\"city\">Paris</parameter>\n<parameter name=\"days\">2</parameter>\n</invoke>\n</minimax:tool_call>",
            calls: wanted),
        Example(
            dialect: "harmony",
            text: "<|start|>assistant<|channel|>commentary to=functions.get_weather <|constrain|>json<|message|>\(call.arguments)<|call|>",
            calls: wanted),
    ]
    /// Those that were recorded of other implementations, of notations that a backend can declare.
    private static let recorded: [Example] = {
        guard let shared = ProcessInfo.processInfo.environment["ANYCLAUDE_SHARED"],
            let data = FileManager.default.contents(atPath: shared + "/data/runtime-oracle/tool_dialects.json"),
            let list = try? JSON(parsing: Array(data)).arrayValue
        else { return [] }
        return list.compactMap { entry in
            guard let text = entry["text"]?.stringValue, let name = entry["dialect"]?.stringValue, let calls = entry["expect"]?.arrayValue,
                let dialect = ToolCallDialects.named(name) ?? (name.hasPrefix("llama3") ? ToolCallDialects.named("llama3") : nil)
            else { return nil }
            return Example(dialect: dialect.name == "mistral-list" ? "mistral" : dialect.name, text: text, calls: calls)
        }
    }()

    @Test(arguments: own + recorded)
    func callsInTheTextReachTheClientAsCalls(example: Example) async throws {
        let server = try Self.server(example.text)
        let dialect = try #require(ProxySettings.ToolCallDialect(rawValue: example.dialect))
        try await ProxyUnderTest.run(Self.settings(server, dialect)) { proxy in
            let request = ProxyUnderTest.request("weather?", ["tools": Self.tools])
            let answer = try await proxy.post(request)
            let content = answer.json["content"]?.arrayValue ?? []
            let calls = content.filter { $0["type"] == "tool_use" }
            #expect(calls.map { ["name": $0["name"] ?? .null, "arguments": $0["input"] ?? .null] } == example.calls, "\(answer.text)")
            #expect(answer.json["stop_reason"] == "tool_use")
            #expect(!content.contains { $0["type"] == "text" }, "notation is left in the text: \(answer.text)")
            #expect(Set(calls.map { $0["id"]?.stringValue }).count == calls.count)
        }
    }

    @Test func aStreamIsParsedWhileItComes() async throws {
        let server = try Self.server("I look.\n" + Self.own[1].text + "\nThen?")
        try await ProxyUnderTest.run(Self.settings(server, .qwenCoder)) { proxy in
            let answer = try await proxy.post(ProxyUnderTest.request("weather?", ["tools": Self.tools, "stream": true]))
            let deltas = answer.text.components(separatedBy: "input_json_delta").count - 1
            #expect(deltas > 3, "\(answer.text)")
            #expect(answer.text.contains(#""stop_reason":"tool_use""#) && !answer.text.contains("<function"))
        }
    }

    @Test func withoutADeclarationTextIsText() async throws {
        let server = try Self.server("<think>hm</think>" + Self.own[1].text)
        try await ProxyUnderTest.run(Self.settings(server, nil)) { proxy in
            let answer = try await proxy.post(ProxyUnderTest.request("weather?", ["tools": Self.tools, "thinking": ["type": "adaptive"]]))
            #expect(answer.json["content"] == [["type": "text", "text": .string("<think>hm</think>" + Self.own[1].text)]])
            #expect(answer.json["stop_reason"] == "end_turn")
        }
    }

    @Test(arguments: [(ProxySettings.ReasoningFormat.think, "<think>\n"), (.openedThink, "")])
    func thinkingInTheTextIsMarkedAsOurs(format: ProxySettings.ReasoningFormat, opening: String) async throws {
        let server = try Self.server(opening + "hm\n</think>\n\nyes")
        try await ProxyUnderTest.run(Self.settings(server, nil, format)) { proxy in
            let answer = try await proxy.post(ProxyUnderTest.request("?", ["thinking": ["type": "adaptive"]]))
            #expect(
                answer.json["content"] == [
                    ["type": "thinking", "thinking": "hm", "signature": "anyclaude.v1.w"], ["type": "text", "text": "yes"],
                ])
        }
    }

    @Test func whatTheClientForbidsStaysText() async throws {
        let two = Self.own[1].text + "\n" + Self.own[1].text
        let server = try Self.server(two)
        try await ProxyUnderTest.run(Self.settings(server, .qwenCoder)) { proxy in
            let none = try await proxy.post(ProxyUnderTest.request("?", ["tools": Self.tools, "tool_choice": ["type": "none"]]))
            #expect(none.json["content"] == [["type": "text", "text": .string(two)]] && none.json["stop_reason"] == "end_turn")
            let choice: JSON = ["type": "auto", "disable_parallel_tool_use": true]
            let one = try await proxy.post(ProxyUnderTest.request("?", ["tools": Self.tools, "tool_choice": choice]))
            #expect(one.json["content"]?.arrayValue?.map { $0["type"] } == ["tool_use"] && one.json["stop_reason"] == "tool_use")
        }
    }

    /// What knows calls only as text has types for messages that know no null: llama-cpp-python answers such a one with an error.
    @Test(arguments: [("generic", JSON.string("")), ("mlx-textgen", .null)])
    func aTurnOfCallsAloneHasContent(dialect: String, content: JSON) async throws {
        let server = try Self.server("Fine.")
        var settings = Self.settings(server, .hermes)
        settings.backends[0].dialect = dialect
        try await ProxyUnderTest.run(settings) { proxy in
            var request = ProxyUnderTest.request("weather?", ["tools": Self.tools]).objectValue ?? [:]
            request["messages"] = [
                ["role": "user", "content": "weather?"],
                ["role": "assistant", "content": [["type": "tool_use", "id": "t", "name": "get_weather", "input": ["city": "Paris"]]]],
                ["role": "user", "content": [["type": "tool_result", "tool_use_id": "t", "content": "rain"]]],
            ]
            let answer = try await proxy.post(.object(request))
            #expect(answer.status == 200, "\(answer.text)")
            let turn = server.last("/v1/chat/completions")?.body["messages"]?.arrayValue?.first { $0["role"] == "assistant" }
            #expect(turn?["tool_calls"]?.arrayValue?.count == 1 && turn?["content"] == content, "\(turn?.text ?? "no turn")")
        }
    }

    /// A server that would write on for ever is left as soon as the answer is whole.
    @Test func anAnswerThatIsWholeLeavesItsServer() async throws {
        let (left, leave) = AsyncStream<Void>.makeStream()
        let server = try ScriptedServer { _ in
            ServerSentEvents.response { writer in
                defer { leave.finish() }
                while true {
                    try await writer.event(data: Worker.chunk(["content": "one END two "]))
                    try await Task.sleep(for: .milliseconds(1))
                }
            }
        }
        try await ProxyUnderTest.run(Self.settings(server, nil)) { proxy in
            let answer = try await proxy.post(ProxyUnderTest.request("?", ["stop_sequences": ["END"]]))
            #expect(answer.json["content"] == [["type": "text", "text": "one "]], "\(answer.text)")
            #expect(answer.json["stop_reason"] == "stop_sequence" && answer.json["stop_sequence"] == "END")
            for await _ in left {}
        }
    }
}
