import Testing

@testable import Messages

struct DialectChoiceTests {
    @Test func theTemplateTellsTheDialect() {
        #expect(ToolCallDialects.written(by: "{{ '<tool_call>\\n{\"name\": ' }}")?.name == "hermes")
        #expect(ToolCallDialects.written(by: "<tool_call>\n<function=' + name + '>\n<parameter=")?.name == "qwen3-coder")
        #expect(ToolCallDialects.written(by: "<tool_call>{{ name }}<arg_key>") == nil)
        #expect(ToolCallDialects.written(by: "{{ messages }}") == nil)
    }

    @Test(arguments: ["hermes", "qwen3-coder"])
    func aForcedCallIsReadFromItsOpeningOn(_ name: String) throws {
        let dialect = try #require(ToolCallDialects.named(name))
        let rest = name == "hermes" ? "\"a\": 1}}\n</tool_call>" : "<parameter=a>\n1\n</parameter>\n</function>\n</tool_call>"
        let reading = Reading.inAnyPieces(dialect.callOpening(name: "f") + rest, dialect)
        #expect(reading?.calls.map(\.name) == ["f"])
        #expect(reading?.calls.first?.isFinished == true)
    }
}
