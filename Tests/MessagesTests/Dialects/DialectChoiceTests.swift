import Testing

@testable import Messages

struct DialectChoiceTests {
    @Test func theTemplateTellsTheDialect() {
        #expect(ToolCallDialects.written(by: "{{ '<tool_call>\\n{\"name\": ' }}")?.name == "hermes")
        #expect(ToolCallDialects.written(by: "<tool_call>\n<function=' + name + '>\n<parameter=")?.name == "qwen3-coder")
        #expect(ToolCallDialects.written(by: "{{ messages }}") == nil)
    }

    @Test func versionsAreOfTheirFamily() {
        for (name, expected) in [
            ("hermes", "hermes"), ("qwen3_coder", "qwen3-coder"), ("deepseek_v31", "deepseek"), ("kimi_k2", "kimi-k2"), ("mistral_v13", "mistral"),
            ("minimax_m2", "minimax"),
        ] { #expect(ToolCallDialects.named(name)?.name == expected) }
        #expect(ToolCallDialects.named("qwen3") == nil && ToolCallDialects.named("") == nil && ToolCallDialects.named("hermesx") == nil)
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
