import Testing

@testable import Messages

@Suite struct OutputParserTests {
    private func read(_ text: String) -> Reading? { Reading.inAnyPieces(text, HermesDialect()) }

    /// White space around calls is notation only where no text stands beside it.
    @Test func whiteSpaceBesideTextIsText() {
        let call = "<tool_call>{\"name\": \"f\", \"arguments\": {}}</tool_call>"
        for (text, expected) in [
            ("a \(call)", "a "), ("a\n\(call)", "a"), ("\n\(call)", ""), ("\(call)\n\n\(call)\n", ""), ("\(call)\nb \(call)", "b "),
            ("\(call)\nb\n\(call)\n\(call)", "b"), ("a\n\(call)\nb\n\(call)", "a\nb"),
        ] {
            #expect(read(text)?.text == expected)
            #expect(read(text)?.calls.isEmpty == false)
        }
    }

    /// Whatever looks like calls without being any is read in time that grows with its length alone.
    @Test(arguments: ["{", "[", "[get_weather(", "{\"name\"", "é{"])
    func manyOpeners(_ opener: String) {
        let text = String(repeating: opener, count: 400_000)
        let reading = Reading(text, .init(dialect: LlamaDialect(), tools: ToolSchemas([Reading.weather])), pieces: 10_000_000)
        #expect(reading.text == text && reading.calls.isEmpty)
    }
}
