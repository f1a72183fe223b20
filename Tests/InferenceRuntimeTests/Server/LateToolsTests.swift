import JSON
import Messages
import Testing

@testable import InferenceRuntime

/// Tools that a message loads are told there, as the template writes tools, and can be called from then on.
struct LateToolsTests {
    private static func tool(_ name: String) -> JSON {
        let parameters: JSON = ["type": "object", "properties": ["path": ["type": "string"]]]
        return ["type": "function", "function": ["name": .string(name), "description": "does", "parameters": parameters]]
    }

    private static let lines =
        #"{%- if tools -%}<tools>{%- for t in tools -%}{{ "\n" ~ (t | tojson) }}{%- endfor -%}{{ "\n</tools>\n" }}{%- endif -%}"#
    private static let tags =
        #"{%- if tools -%}<tools>{%- for t in tools -%}{{ "\n<function>\n<name>" ~ t.function.name ~ "</name>\n</function>" }}{%- endfor -%}"#
        + #"{{ "\n</tools>\n" }}{%- endif -%}"#
    private static let messages =
        "{%- for m in messages -%}<|{{ m.role }}|>{{ m.content }}{%- endfor -%}{%- if add_generation_prompt -%}<|assistant|>{%- endif -%}"

    @Test(
        arguments: [
            (
                lines,
                #"{"type": "function", "function": {"name": "Late", "description": "does", "parameters": {"type": "object", "properties": {"path": {"type": "string"}}}}}"#
            ),
            (tags, "<function>\n<name>Late</name>\n</function>"),
            ("{%- if tools -%}{{ tools | map(attribute='function.name') | join(', ') }}{%- endif -%}", "Late"),
            (#"{%- for t in tools or [] -%}{{ "type " ~ t.function.name ~ " = any;\n\n" }}{%- endfor -%}"#, "type Late = any;"),
            ("no tools here", nil),
            ("{%- if tools and tools | length > 1 -%}{{ raise_exception('one') }}{%- endif -%}", nil),
        ] as [(String, String?)])
    func theTemplateItselfWritesTheDefinition(template: String, definition: String?) throws {
        let template = try ChatTemplate(source: template + Self.messages)
        #expect(LateTools.definition(of: Self.tool("Late"), in: template) == definition ?? Self.tool("Late").text)
    }

    private static func prompt(_ messages: [JSON], _ tools: [JSON]) throws -> String {
        let model = try TestModel.make(ScriptedEngine(), template: tags + Self.messages)
        return try model.tokenizer.decode(model.prompt(messages: messages, tools: tools, options: [:]).tokens, skipSpecialTokens: false)
    }

    @Test func whatWasComputedStays() throws {
        let user: JSON = ["role": "user", "content": "go"]
        let result: JSON = ["role": "tool", "content": "found", "late_tools": [Self.tool("Late")]]
        let first = try Self.prompt([user], [Self.tool("Head")])
        let second = try Self.prompt([user, result], [Self.tool("Head")])
        let turn = String(first.dropLast("<|assistant|>".count))
        #expect(second.hasPrefix(turn))
        #expect(second.hasPrefix(turn + "<|tool|>found\n<function>\n<name>Late</name>\n</function><|assistant|>"))
        // Without others the late one stands where templates tell how tools are called.
        #expect(try Self.prompt([user, result], []).hasPrefix("<tools>\n<function>\n<name>Late</name>"))
    }

    @Test func aLateToolCanBeCalled() throws {
        let model = try TestModel.make(ScriptedEngine(contextWindow: 1000))
        let messages: JSON = [["role": "user", "content": "go", "late_tools": [Self.tool("Late")]]]
        func job(_ choice: JSON, _ tools: JSON) throws -> ChatJob {
            try ChatJob(["messages": messages, "tools": tools, "tool_choice": choice], model: model, prefixes: PrefixStore())
        }
        let named = try job(["type": "function", "function": ["name": "Late"]], [Self.tool("Head")])
        #expect(named.isForced && named.generation.mask != nil)
        #expect(try job("auto", [Self.tool("Head")]).parser.tellsCalls && job("auto", []).parser.tellsCalls)
        #expect(throws: OpenAI.Failure.self) { try job(["type": "function", "function": ["name": "None"]], [Self.tool("Head")]) }
    }

    @Test(arguments: ["Late", [3], [["type": "function"]], ["a": 1]] as [JSON]) func whatIsNoToolIsRefusedByPlace(tools: JSON) throws {
        let model = try TestModel.make(ScriptedEngine())
        let failure = #expect(throws: OpenAI.Failure.self) {
            try ChatJob(["messages": [["role": "user", "content": "go", "late_tools": tools]]], model: model, prefixes: PrefixStore())
        }
        #expect(failure?.status == 400 && failure?.param == "messages[0].late_tools")
    }

    /// Qwen's own template, which tells tools line by line at the head.
    @Test(.enabled(if: SharedOracle.isThere, "ANYCLAUDE_SHARED names no folder of oracle outputs")) func aRealTemplate() throws {
        let template = try #require(try ChatTemplate.ofCheckpoint((SharedOracle.directory ?? "") + "/tiny-qwen3"))
        let definition = LateTools.definition(of: Self.tool("Late"), in: template)
        #expect(definition.hasPrefix(#"{"type": "function", "function": {"name": "Late""#) && definition.hasSuffix("}}"))
        let call: JSON = ["id": "s", "type": "function", "function": ["name": "Head", "arguments": [:]]]
        let asked: [JSON] = [["role": "user", "content": "go"], ["role": "assistant", "content": "", "tool_calls": [call]]]
        func render(_ messages: [JSON], asks: Bool = false) throws -> String {
            try template.render(messages: messages, tools: [Self.tool("Head")], addGenerationPrompt: asks)
        }
        // What the worker was asked, before it called a tool: that is what its cache holds.
        let before = try render(Array(asked.prefix(1)), asks: true)
        #expect(before.contains("\n" + definition.replacing("Late", with: "Head") + "\n"))
        #expect(try render(asked + [["role": "tool", "content": .string("found\n" + definition)]]).hasPrefix(before))
    }
}
