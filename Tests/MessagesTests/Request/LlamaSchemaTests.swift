import JSON
import Testing

@testable import Messages

/// What llama.cpp cannot make a grammar of, and what it can.
@Suite struct LlamaSchemaTests {
    private static func property(_ schema: JSON, tellsDropped: Bool = true) -> JSON? {
        let root: JSONObject = ["type": "object", "properties": ["p": schema], "$defs": ["d": ["type": "string"]]]
        return LlamaSchema.rewritten(root, tellsDropped: tellsDropped)["properties"]?["p"]
    }

    @Test(arguments: [
        "^[a-z0-9_-]+$", "^a$", "^(foo|bar)$", "^[^/]{1,64}$", "^v[0-9]+\\.[0-9]+$", "^\\$x$", "^$", "^a{3,}b?$", "^[\\]]$", "^x\\\\y$",
        "^(a(b|c))+$",
    ])
    func patternsThatCompileStay(pattern: String) {
        let schema: JSON = ["type": "string", "pattern": .string(pattern)]
        #expect(Self.property(schema) == schema)
    }

    @Test(arguments: [
        "\\d+", "^\\d+$", "^\\w$", "^[\\d]$", "^[\\w-]+$", "^https?:\\/\\/$", "^(?!x).*$", "^(?:a)$", "a", "", "^", "^a", "a$", "^a\\$", "^*$",
        "^(*a)$",
        "^(a$", "^a)$", "^[a$", "^a{1000}$", "^a{1,5000}$", "^a{x}$", "^a+?$", "^a**$", "^a{2}{3}$", "^(a|)$", "^^a$", "^a|b$c$", "^()$", "^\\bx$",
        "^[]$",
    ])
    func patternsThatDoNotAreToldInWords(pattern: String) {
        let schema: JSON = ["type": "string", "description": "D", "pattern": .string(pattern)]
        let constraint = JSON.object(["pattern": .string(pattern)]).text
        #expect(Self.property(schema) == ["type": "string", "description": .string("D\nConstraints: " + constraint)])
        #expect(Self.property(schema, tellsDropped: false) == ["type": "string", "description": "D"])
    }

    @Test(
        arguments: [
            (["type": "string", "maxLength": 65_536], ["maxLength"]), (["type": "string", "maxLength": 999], []),
            (["type": "string", "minLength": "1"], ["minLength"]), (["type": "array", "items": [:], "maxItems": 5000], ["maxItems"]),
            (["type": "integer", "exclusiveMinimum": true], ["exclusiveMinimum"]), (["type": "integer", "minimum": 1, "maximum": 9], []),
            (["type": "integer", "maximum": 1e300], ["maximum"]), (["type": "file"], ["type"]), (["type": ["string", "any"]], ["type"]),
            (["type": ["string", "null"]], []), (["$ref": "#/$defs/d"], []), (["$ref": "#/$defs/none"], ["$ref"]),
            (["$ref": "https://x/y"], ["$ref"]),
            (["$ref": "#"], ["$ref"]), (["enum": []], ["enum"]), (["enum": ["a"]], []), (["anyOf": []], ["anyOf"]), (["format": 3], ["format"]),
            (["type": "string", "format": "uri"], []), (["type": "string", "allOf": [["minLength": 1], ["maxLength": 3]]], ["allOf"]),
            (["allOf": [["$ref": "#/$defs/d"], ["properties": ["a": ["type": "string"]]]]], []),
        ] as [(JSON, [String])])
    func keywordsThatFailAGrammarLeaveIt(schema: JSON, dropped: [String]) throws {
        let kept = try #require(Self.property(schema)?.objectValue)
        let told = kept["description"]?.stringValue ?? ""
        for member in try #require(schema.objectValue).members {
            #expect((kept[member.key] == nil || kept[member.key] != member.value && member.key == "type") == dropped.contains(member.key), "\(kept)")
            #expect(told.contains("\"\(member.key)\":") == dropped.contains(member.key), "\(told)")
        }
    }

    /// Elsewhere a schema without a type means any value; there it means an object, or fails.
    @Test func whatMayBeAnythingSaysSo() {
        let any: JSON = ["string", "number", "boolean", "object", "array", "null"]
        #expect(Self.property([:]) == ["type": any])
        #expect(Self.property(true) == ["type": any])
        #expect(Self.property(["description": "x"]) == ["description": "x", "type": any])
        #expect(Self.property(["type": "array", "items": true])?["items"] == ["type": any])
        #expect(
            Self.property(["allOf": [["type": "string", "maxLength": 5]], "description": "x"]) == [
                "description": "x", "type": "string", "maxLength": 5,
            ])
    }

    @Test func onlyLlamaIsSparedThem() throws {
        let schema: JSON = ["type": "object", "properties": ["p": ["type": "string", "pattern": "\\d+"]]]
        let request = try RequestTranslationTests.request(
            [["role": "user", "content": "hi"]], ["tools": [["name": "f", "input_schema": schema]]])
        for dialect in BackendDialect.all {
            let parameters = try RequestTranslationTests.body(request, dialect)["tools"]?[0]?["function"]?["parameters"]
            #expect((parameters == schema) == (dialect.schemas == .verbatim), "\(dialect.name)")
        }
        let format: JSON = ["format": ["type": "json_schema", "schema": schema]]
        let answer = try RequestTranslationTests.request([["role": "user", "content": "hi"]], ["output_config": format])
        let form = try RequestTranslationTests.body(answer, .llamaServer)["response_format"]?["json_schema"]?["schema"]
        #expect(form == ["type": "object", "properties": ["p": ["type": "string"]]])
    }
}
