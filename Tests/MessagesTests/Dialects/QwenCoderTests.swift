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
        #expect(read("<function=get_weather>\n</function>")?.calls == [.init(name: "get_weather", arguments: "{}", isFinished: true)])
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
        #expect(read(begun.replacing("city", with: "days"), isComplete: false)?.calls.map(\.arguments) == [#"{"days": \#nOsl"#])
    }

    /// Arguments that do not close are no command, whatever their value so far.
    @Test(arguments: ["", "\n", "<parameter=city>\nOslo\n</parameter>\n", "<parameter=ci", "<parameter=city>\nOslo\n</parameter>\n</funct"])
    func aCallThatWasCutIsNotMadeWhole(begun: String) throws {
        let reading = try #require(read("<tool_call>\n<function=get_weather>" + begun, isComplete: false))
        let arguments = try #require(reading.calls.first?.arguments)
        #expect(reading.calls.count == 1 && arguments.hasPrefix("{"))
        #expect(throws: JSONError.self) { try JSON(parsing: arguments) }
    }

    /// The bare opener is a recovery, for tools that there are.
    @Test func proseAboutTheNotationIsNoCall() {
        let text = "The format is `<function=NAME>` then <parameter=x>, as in <function=get_weather"
        #expect(read(text)?.text == text)
        #expect(read(text)?.calls == [])
        let behind = read("<function=get_weather></function> and <function=NAME> is prose")
        #expect(behind?.calls.map(\.name) == ["get_weather"])
        #expect(behind?.text == " and <function=NAME> is prose")
    }

    @Test func namesAndWhiteSpaceAreBounded() throws {
        let name = String(repeating: "n", count: 1500)
        let spaces = String(repeating: " ", count: 1500)
        for text in ["<tool_call>\n<function=\(name)>\n</function>", "<tool_call>\(spaces)<function=f>"] {
            #expect(read(text)?.text == text)
            #expect(read(text)?.calls == [])
        }
        let reading = read("<tool_call>\n<function=f>\n<parameter=\(name)>\n1\n</parameter>")
        #expect(reading?.text == "<parameter=\(name)>\n1\n</parameter>")
        #expect(reading?.calls == [.init(name: "f", arguments: "{", isFinished: true)])
    }

    @Test func whatIsNoCallStaysText() {
        let texts = [
            "if x <function= y\n more <tool_call> text", "<tool_call>\n{}", "<tool_call>", "<functio", "a\n<tool_call> b", "\n<tool_call> b",
            "a\n<tool_call>\n<function=get_w", "<tool_call>\n<function=>", "<tool_call> <function=a\nb> c", "<tool_call>\n<func",
        ]
        for text in texts {
            #expect(read(text)?.text == text)
            #expect(read(text)?.calls == [])
        }
    }
}
