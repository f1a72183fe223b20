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
}
