import JSON
import Testing

@testable import Messages

struct QwenCoderTests {
    private func read(_ text: String, isComplete: Bool = true) -> Reading? {
        Reading.inAnyPieces(text, QwenCoderDialect(), isComplete: isComplete)
    }

    @Test func argumentsAreTypedByTheSchema() throws {
        let parameters = "<parameter=city>\nParis\n</parameter>\n<parameter=days>\n2\n</parameter>\n"
        let reading = read("Look:\n<tool_call>\n<function=get_weather>\n\(parameters)</function>\n</tool_call>")
        #expect(reading?.text == "Look:")
        #expect(reading?.calls == [.init(name: "get_weather", arguments: #"{"city": "Paris", "days": 2}"#, isFinished: true)])
    }

    @Test func aTextKeepsItsLineBreaksAndQuotes() throws {
        let body = "a \"q\"\n\n  b </param\n"
        let reading = read("<tool_call>\n<function=get_weather>\n<parameter=city>\n\(body)\n</parameter>\n</function>\n</tool_call>")
        let arguments = try JSON(parsing: try #require(reading?.calls.first?.arguments))
        #expect(arguments == ["city": .string(body)])
    }

    @Test func theOuterTagAndParametersMayBeMissing() {
        #expect(read("<function=now>\n</function>")?.calls == [.init(name: "now", arguments: "{}", isFinished: true)])
        #expect(read("<function=get_weather><parameter=city></parameter></function></tool_call>")?.calls.map(\.arguments) == [#"{"city": ""}"#])
    }

    @Test func severalCalls() {
        let one = "<tool_call>\n<function=f>\n</function>\n</tool_call>"
        #expect(read(one + "\n" + one)?.calls.count == 2)
        #expect(read(one + "\n" + one)?.text == "")
    }

    @Test func anAnswerThatEndsInAValue() {
        let begun = "<tool_call>\n<function=get_weather>\n<parameter=city>\nOsl"
        #expect(read(begun)?.calls.map(\.arguments) == [#"{"city": "Osl"}"#])
        #expect(read(begun, isComplete: false)?.calls.map(\.arguments) == [#"{"city": "Osl"#])
    }

    @Test func whatIsNoCallStaysText() {
        for text in ["if x <function= y\n more <tool_call> text", "<tool_call>\n{}", "<tool_call>", "<functio"] {
            #expect(read(text)?.text == text)
            #expect(read(text)?.calls == [])
        }
    }
}
