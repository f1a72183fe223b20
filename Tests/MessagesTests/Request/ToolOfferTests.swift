import JSON
import Testing

@testable import Messages

/// Which tools a server is told of, when, and which it may call.
@Suite struct ToolOfferTests {
    private static func tool(_ name: String, _ more: JSONObject = [:]) -> JSON {
        var tool: JSONObject = [
            "name": .string(name), "description": .string("does \(name)"), "input_schema": ["type": "object", "properties": [:]],
        ]
        for member in more.members { tool[member.key] = member.value }
        return .object(tool)
    }

    private static func body(
        _ tools: [JSON], _ dialect: BackendDialect = .generic, choice: JSON? = nil, turns: JSON = [["role": "user", "content": "hi"]]
    ) throws -> JSONObject {
        var more: JSONObject = ["tools": .array(tools)]
        more["tool_choice"] = choice
        return try RequestTranslationTests.body(RequestTranslationTests.request(turns, more), dialect, inline: true)
    }

    private static func names(_ body: JSONObject) -> [String] {
        (body["tools"]?.arrayValue ?? []).compactMap { $0["function"]?["name"]?.stringValue }
    }

    /// The client inserts what it loads by name; the head of the prompt does not change for that.
    private static let head = [tool("Bash"), tool("ToolSearch"), tool("Placeholder", ["defer_loading": true])]
    private static let loaded = [tool("Apple", ["defer_loading": true]), tool("Bash"), tool("Mango", ["defer_loading": true])] + head.dropFirst()
    private static func search(_ names: String...) -> [JSON] {
        let references: [JSON] = names.map { ["type": "tool_reference", "tool_name": .string($0)] }
        return [
            ["role": "user", "content": "go"],
            ["role": "assistant", "content": [["type": "tool_use", "id": "s", "name": "ToolSearch", "input": [:]]]],
            ["role": "user", "content": [["type": "tool_result", "tool_use_id": "s", "content": .array(references)]]],
        ]
    }

    @Test func aDeferredToolWaitsUntilItIsNamed() throws {
        #expect(Self.names(try Self.body(Self.head)) == ["Bash", "ToolSearch"])
        let body = try Self.body(Self.loaded, turns: .array(Self.search("Mango", "Apple")))
        #expect(Self.names(body) == ["Bash", "ToolSearch", "Mango", "Apple"])
        #expect(body["messages"]?[2]?["content"] == "The tool Mango can be called from now on.\n\nThe tool Apple can be called from now on.")
    }

    @Test func theNativeWorkerIsToldWhereItIsNamed() throws {
        let first = try Self.body(Self.head, .native, turns: .array(Array(Self.search().prefix(1))))
        let second = try Self.body(Self.loaded, .native, turns: .array(Self.search("Mango")))
        #expect(first["tools"] == second["tools"])
        let late = second["messages"]?[2]?["late_tools"]
        #expect(late?.arrayValue?.compactMap { $0["function"]?["name"]?.stringValue } == ["Mango"])
        // Once: later references and requests leave the earlier messages as they were.
        let again: [JSON] =
            Self.search("Mango") + [
                ["role": "assistant", "content": [["type": "tool_use", "id": "u", "name": "ToolSearch", "input": [:]]]],
                [
                    "role": "user",
                    "content": [
                        [
                            "type": "tool_result", "tool_use_id": "u",
                            "content": [["type": "tool_reference", "tool_name": "Mango"], ["type": "tool_reference", "tool_name": "Apple"]],
                        ]
                    ],
                ],
            ]
        let third = try Self.body(Self.loaded, .native, turns: .array(again))
        #expect(third["messages"]?[2] == second["messages"]?[2])
        #expect(third["messages"]?[4]?["late_tools"]?.arrayValue?.compactMap { $0["function"]?["name"]?.stringValue } == ["Apple"])
        let request = try RequestTranslationTests.request(.array(again), ["tools": .array(Self.loaded)])
        let prefix = try RequestTranslation.prefix(of: request, dialect: .native)
        #expect(prefix.tools == (first["tools"]?.arrayValue ?? []) && prefix.lateTools.keys.sorted() == ["Apple", "Mango"])
    }

    @Test func systemTurnsAddAndRemoveTools() throws {
        let reference: JSON = ["type": "tool_addition", "tool": ["type": "tool_reference", "name": "Mango"]]
        let inline: JSON = ["type": "tool_addition", "tool": ["type": "tool_definition", "definition": Self.tool("Kiwi")]]
        let removal: JSON = ["type": "tool_removal", "tool": ["type": "tool_reference", "name": "Bash"]]
        let servers: JSON = ["type": "tool_addition", "tool": ["type": "mcp_toolset_reference", "mcp_server_name": "s"]]
        let turns: JSON = [["role": "user", "content": "hi"], ["role": "system", "content": [reference, inline, removal, servers]]]
        let words = "The tool Mango can be called from now on.\n\nThe tool Kiwi can be called from now on.\n\nThe tool Bash can no longer be called."
        let native = try Self.body(Self.loaded, .native, turns: turns)
        #expect(native["messages"]?[1]?["role"] == "system" && native["messages"]?[1]?["content"] == .string(words))
        #expect(native["messages"]?[1]?["late_tools"]?[1]?["function"]?["name"] == "Kiwi" && Self.names(native) == ["Bash", "ToolSearch"])
        // Those at the head stay: the prompt would change for them.
        #expect(Self.names(try Self.body(Self.loaded, turns: turns)) == ["Bash", "ToolSearch", "Mango", "Kiwi"])
    }

    @Test func toolsOfTheServerAreLeftOutOrRefused() throws {
        let search: JSON = ["type": "web_search_20260318", "name": "web_search"]
        let request = try RequestTranslationTests.request([["role": "user", "content": "hi"]], ["tools": [search, Self.tool("Bash")]])
        let prefix = try RequestTranslation.prefix(of: request, dialect: .generic)
        #expect(prefix.tools.count == 1 && prefix.leftOut == ["web_search_20260318"])
        let screen: JSON = ["type": "computer_20250124", "name": "computer", "display_width_px": 1, "display_height_px": 1]
        let error = #expect(throws: AnthropicError.self) { try Self.body([Self.tool("Bash"), screen]) }
        #expect(error?.message.hasPrefix("tools.1: `computer_20250124` is served by the Anthropic API alone") == true)
        // What nobody could find any more is offered.
        let finder: JSON = ["type": "tool_search_tool_regex_20251119", "name": "tool_search_tool_regex"]
        #expect(Self.names(try Self.body([finder] + Self.loaded)) == ["Apple", "Bash", "Mango", "ToolSearch", "Placeholder"])
        #expect(Self.names(try Self.body([Self.tool("A", ["allowed_callers": ["code_execution_20260120"]]), Self.tool("B")])) == ["B"])
    }

    @Test(
        arguments: [
            ("bash_20250124", "bash", "command"), ("text_editor_20250124", "str_replace_editor", "file_text"),
            ("text_editor_20250728", "str_replace_based_edit_tool", "insert_text"), ("memory_20250818", "memory", "old_path"),
        ])
    func toolsThatTheClientRunsAreDescribed(type: String, name: String, member: String) throws {
        let body = try Self.body([["type": .string(type), "name": .string(name)]])
        let function = body["tools"]?[0]?["function"]
        #expect(function?["name"] == .string(name) && function?["parameters"]?["properties"]?[member] != nil)
        #expect(function?["description"]?.stringValue?.isEmpty == false)
    }

    @Test func namesMustTellToolsApart() throws {
        #expect(throws: AnthropicError.invalid("tools: Tool names must be unique, found 'Bash' again at tools.1")) {
            try Self.body([Self.tool("Bash"), Self.tool("Bash")])
        }
        let odd = "files.read"
        let error = #expect(throws: AnthropicError.self) { try Self.body([Self.tool(odd), Self.tool(ToolNames.wire(odd))]) }
        #expect(error?.message.contains("cannot be told apart") == true)
        #expect(throws: AnthropicError.invalid("tools.0.name: Field required")) { try Self.body([["input_schema": [:]]]) }
        #expect(throws: AnthropicError.invalid("tools.0: Input should be an object, found a string")) { try Self.body(["Bash"]) }
    }

    @Test func examplesAreTold() throws {
        let body = try Self.body([Self.tool("f", ["input_examples": [["a": 1], ["a": 2]], "eager_input_streaming": true])])
        #expect(body["tools"]?[0]?["function"]?["description"] == "does f\n\nExamples of its input:\n{\"a\":1}\n{\"a\":2}")
        #expect(body["tools"]?[0]?["function"]?.objectValue?.keys.contains("eager_input_streaming") == false)
    }

    @Test func callsAreDemandedAsTheServerKnowsIt() throws {
        let tools = [Self.tool("a"), Self.tool("b")]
        struct Said: Equatable {
            var choice: JSON?
            var names: [String]
        }
        func said(_ choice: JSON, _ dialect: BackendDialect) throws -> Said {
            let body = try Self.body(tools, dialect, choice: choice)
            return Said(choice: body["tool_choice"], names: Self.names(body))
        }
        for dialect in BackendDialect.all {
            #expect(try said(["type": "auto"], dialect) == Said(choice: "auto", names: ["a", "b"]))
            #expect(try said(["type": "any"], dialect) == Said(choice: "required", names: ["a", "b"]))
            let function: JSON = ["type": "function", "function": ["name": "b"]]
            let byName = Said(choice: function, names: ["a", "b"])
            let byWord = Said(choice: "required", names: ["b"])
            #expect(try said(["type": "tool", "name": "b"], dialect) == (dialect.toolChoice == .byName ? byName : byWord), "\(dialect.name)")
            let none = dialect.toolChoice == .ignored ? Said(choice: nil, names: []) : Said(choice: "none", names: ["a", "b"])
            #expect(try said(["type": "none"], dialect) == none, "\(dialect.name)")
            let one = try Self.body(tools, dialect, choice: ["type": "auto", "disable_parallel_tool_use": true])["parallel_tool_calls"]
            #expect((one == false) == dialect.understandsParallelToolCalls, "\(dialect.name)")
        }
        // It is not among those offered yet, but a call of it is wanted now.
        #expect(Self.names(try Self.body(Self.loaded, choice: ["type": "tool", "name": "Mango"])) == ["Bash", "Mango", "ToolSearch"])
    }
}
