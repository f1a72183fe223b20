import Testing

@testable import Messages

struct HermesTests {
    private func read(_ text: String, isComplete: Bool = true, reasoning: Bool = false) -> Reading? {
        Reading.inAnyPieces(text, HermesDialect(), isComplete: isComplete, reasoning: reasoning)
    }

    private func call(_ arguments: String) -> String { "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": \(arguments)}\n</tool_call>" }

    @Test func textBeforeACallIsKeptAndTheLineBreakBetweenIsNotation() {
        let reading = read("Let me look.\n" + call(#"{"city": "Paris", "days": 2}"#))
        #expect(reading?.text == "Let me look.")
        #expect(reading?.calls == [.init(name: "get_weather", arguments: #"{"city": "Paris", "days": 2}"#, isFinished: true)])
    }

    @Test func parallelCalls() {
        let reading = read(call(#"{"city": "Paris"}"#) + "\n" + call(#"{"city": "Oslo"}"#) + "\n")
        #expect(reading?.calls.map(\.arguments) == [#"{"city": "Paris"}"#, #"{"city": "Oslo"}"#])
        #expect(reading?.text == "")
    }

    @Test func theClosingTagInAnArgumentIsNotTheEnd() {
        #expect(read(call(#"{"city": "</tool_call>"}"#))?.calls.map(\.arguments) == [#"{"city": "</tool_call>"}"#])
    }

    @Test func quotedScalarsLoseTheirQuotesWhereTheSchemaHasNoString() {
        #expect(read(call(#"{"days": "2", "city": "2"}"#))?.calls.map(\.arguments) == [#"{"days": 2, "city": "2"}"#])
        #expect(read(call(#"{"days": "two"}"#))?.calls.map(\.arguments) == [#"{"days": "two"}"#])
    }

    @Test func anotherOrderOfMembersAndCodeFences() {
        let reversed = "<tool_call>{\"arguments\": {\"days\": \"2\"}, \"name\": \"get_weather\"}</tool_call>"
        #expect(read(reversed)?.calls.map(\.arguments) == [#"{"days":2}"#])
        let fenced = "<tool_call>\n```json\n{\"name\": \"get_weather\", \"arguments\": {}}\n```\n</tool_call>"
        #expect(read(fenced)?.calls == [.init(name: "get_weather", arguments: "{}", isFinished: true)])
    }

    @Test func aMissingClosingTagIsForgiven() {
        let open = "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {}}\n"
        #expect(read(open)?.calls.count == 1)
        #expect(read(open + call("{}"))?.calls.count == 2)
        #expect(read(open + "Done.")?.text == "Done.")
    }

    @Test func whatIsNoCallStaysText() {
        let texts = [
            "a <tool_call> b", "<tool_call>\nnot json\n</tool_call> after", "<tool_call>{\"name\": 1}</tool_call>", "<tool_cal", "x\n", "\n",
        ]
        for text in texts {
            #expect(read(text)?.text == text)
            #expect(read(text)?.calls == [])
        }
    }

    @Test func openBracketsAreClosedUnlessTheAnswerWasCut() {
        let begun = "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Par"
        #expect(read(begun)?.calls.map(\.arguments) == [#"{"city": "Par"}"#])
        #expect(read(begun, isComplete: false)?.calls.map(\.arguments) == [#"{"city": "Par"#])
        let head = "<tool_call>\n{\"name\": \"f\", \"arguments\": "
        #expect(read(head + #"{"a": [1, {"b":"#)?.calls.map(\.arguments) == [#"{"a": [1, {"b":null}]}"#])
        #expect(read(head + #"{"a": "x\u00"#)?.calls.map(\.arguments) == [#"{"a": "x"}"#])
        #expect(read(head + #"{"a": tru"#)?.calls.map(\.arguments) == [#"{"a": null}"#])
    }

    @Test func reasoningIsSplitOff() {
        let reading = read("<think>\nhm\n\n</think>\n\nanswer\n" + call("{}"), reasoning: true)
        #expect(reading?.reasoning == "hm")
        #expect(reading?.text == "answer")
        #expect(reading?.calls.count == 1)
        #expect(read("no <think>", reasoning: true)?.text == "no <think>")
        #expect(read("<think>never closed", reasoning: true)?.reasoning == "never closed")
    }
}
