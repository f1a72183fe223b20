import JSON
import Testing

@testable import Messages

@Suite struct ToolSchemasTests {
    private func types(_ schema: JSON, definitions: JSON = [:]) -> Set<String> {
        ToolSchemas([OpenAI.Tool(name: "f", parameters: ["properties": ["p": schema], "$defs": definitions])]).types(of: "p", in: "f")
    }

    @Test func typesAreFoundWhereverTheSchemaSaysThem() {
        let definitions: JSON = [
            "X": ["type": "object"], "a/b": ["type": "array"], "Loop": ["anyOf": [["$ref": "#/$defs/Loop"], ["type": "integer"]]],
            "Two": ["anyOf": [["$ref": "#/$defs/X"], ["$ref": "#/$defs/a~1b"]]],
        ]
        #expect(types(["type": ["string", "null"]]) == ["string", "null"])
        #expect(types(["$ref": "#/$defs/X"], definitions: definitions) == ["object"])
        #expect(types(["anyOf": [["$ref": "#/$defs/X"], ["type": "null"]]], definitions: definitions) == ["object", "null"])
        #expect(types(["$ref": "#/$defs/Two"], definitions: definitions) == ["object", "array"])
        #expect(types(["$ref": "#/$defs/Loop"], definitions: definitions) == ["integer"])
        #expect(types(["$ref": "#/$defs/None"], definitions: definitions) == [])
        #expect(types(["$ref": "other.json"]) == [])
        #expect(types(["allOf": [["type": "array"], ["minItems": 1]]]) == ["array"])
        #expect(types(["properties": ["a": [:]]]) == ["object"])
        #expect(types(["items": [:]]) == ["array"])
        #expect(types(["enum": ["a", 1]]) == ["string", "integer"])
        #expect(types(["const": true]) == ["boolean"])
        #expect(types([:]) == [])
    }

    /// References that name each other many times are each followed once.
    @Test func manyReferencesCostNoMoreThanTheSchema() {
        let loop = JSON.array((0..<2000).map { ["$ref": .string("#/$defs/\($0 % 50)")] })
        let definitions = JSON.object(JSONObject((0..<50).map { JSONObject.Member(key: String($0), value: ["anyOf": loop]) }))
        #expect(types(["anyOf": loop], definitions: definitions) == [])
    }

    @Test(
        arguments: [
            (" true\n", "boolean", true), ("True ", "boolean", true), ("None", "null", nil), (" 2 ", "integer", 2), ("2.0", "integer", 2),
            ("[1]", "array", [1]), ("\n{\"a\": 1}", "object", ["a": 1]),
        ] as [(String, String, JSON)])
    func bareTextsAreValues(text: String, type: String, value: JSON) {
        #expect(ToolSchemas.value(of: text, types: [type]) == value)
        // Not `== nil`: JSON's own null is one too.
        #expect(ToolSchemas.value(of: text, types: ["string"]) == Optional<JSON>.none)
    }

    @Test func anObjectOfAReferenceReachesTheToolAsOne() {
        let tool = OpenAI.Tool(
            name: "f", parameters: ["properties": ["ref": ["$ref": "#/$defs/X"]], "$defs": ["X": ["type": "object"]]])
        let text = "<tool_call>\n<function=f>\n<parameter=ref>\n{\"a\":1}\n</parameter>\n</function>\n</tool_call>"
        let reading = Reading(text, .init(dialect: QwenCoderDialect(), tools: ToolSchemas([tool])), pieces: 3)
        #expect(reading.calls.map(\.arguments) == [#"{"ref": {"a":1}}"#])
    }
}
