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
            "a\n<tool_call> b", "\n<tool_call> b", "a\n\n<tool_call> b\n<tool_call>\n<tool_call> c", "<tool_call>", "<tool_call>\n{",
            "<tool_call> {}", "<tool_call>`x`", "<tool_call>```json\n[]\n```", "<tool_call>{\"name\": \"f\", \"arguments\": ",
            "<tool_call>{\"a\": <b>} c",
        ]
        for text in texts {
            #expect(read(text)?.text == text)
            #expect(read(text)?.calls == [])
        }
    }

    /// Prose about the tag must be told at once: what follows may be the whole rest of a long answer.
    @Test func proseBehindATagIsNotHeld() {
        for prose in ["The tag <tool_call> opens a call.", "<tool_call>{no object", "<tool_call>``x", "<tool_call>{\"a\": \"b\" c"] {
            var parser = OutputParser(.init(dialect: HermesDialect())) { "call_\($0)" }
            let events = prose.flatMap { parser.read(String($0)) }
            let told = events.map { if case .text(let text) = $0 { text } else { "" } }.joined()
            #expect(told == prose)
        }
    }

    @Test func aHeadAndATailAreBounded() {
        let long = String(repeating: "a", count: 1500)
        for text in ["<tool_call>{\"name\": \"\(long)\", \"arguments\": {}}", "<tool_call>\(String(repeating: " ", count: 1500)){\"name\": \"f\""] {
            #expect(read(text)?.calls == [])
            #expect(read(text)?.text == text)
        }
        let spaces = String(repeating: " ", count: 1500)
        #expect(read(call("{}").replacing("\n</tool_call>", with: spaces + "x"))?.text == spaces + "x")
    }

    @Test func whatFollowsACallWithoutClosingTagIsText() {
        let open = "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {}}"
        for text in ["`ls` shows it", ", as I said", ", \"quoted\" words", "} I go on.</tool_call> x", "```\nls\n```", "}}", " <b>"] {
            let reading = read(open + text)
            #expect(reading?.calls == [.init(name: "get_weather", arguments: "{}", isFinished: true)])
            #expect(reading?.text == (text == "}}" ? "" : text))
        }
        for tail in ["\n</tool_call>", "}\n</tool_call>", "}}\n```\n</tool_call>", "", "\n", "\n</tool_"] { #expect(read(open + tail)?.text == "") }
        // Members behind the arguments.
        let more = String(open.dropLast()) + ", \"id\": {\"a\": [1, \"}\"]}}\n</tool_call> after"
        #expect(read(more)?.text == " after")
        #expect(read(String(open.dropLast()) + "\n</tool_call> after")?.text == " after")
    }

    @Test func anObjectInAnotherOrderEndsWhereItEnds() {
        let object = #"{"arguments": {"city": "</tool_call>"}, "name": "get_weather"}"#
        for tail in ["</tool_call>", "\n```\n</tool_call>", ""] {
            let reading = read("<tool_call>" + object + tail)
            #expect(reading?.calls.map(\.arguments) == [#"{"city":"</tool_call>"}"#])
            #expect(reading?.text == "")
        }
        #expect(read("<tool_call>" + object + " Done.")?.text == " Done.")
    }

    @Test func quotedListsAreReadInEachOrder() {
        for members in [#""name": "tag", "arguments": {"tags": "[\"a\", 1]"}"#, #""arguments": {"tags": "[\"a\", 1]"}, "name": "tag""#] {
            let arguments = read("<tool_call>{\(members)}</tool_call>")?.calls.first?.arguments
            #expect(arguments?.filter { $0 != " " } == #"{"tags":["a",1]}"#)
        }
        let begun = "<tool_call>{\"name\": \"tag\", \"arguments\": {\"tags\": "
        for (cut, closed) in [(#""[\"#, #""[""#), (#""[\\"#, #""[\\""#), (#""a\u00"#, #""a""#), (#""\u0041\"#, #""\u0041""#)] {
            #expect(read(begun + cut)?.calls.map(\.arguments) == ["{\"tags\": \(closed)}"])
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
