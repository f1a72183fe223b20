import JSON
import Testing

@testable import Messages

/// What a server sends, whatever it calls it.
@Suite struct AnswerBodyTests {
    static func check(_ pieces: [[UInt8]], options: MessageStream.Options = .init(id: "msg_1", model: "m")) -> StreamCheck {
        var body = AnswerBody()
        var stream = MessageStream(options)
        var check = StreamCheck()
        for piece in pieces { for input in body.feed(piece) { for event in stream.receive(input) { check.add(event) } } }
        for input in body.finish() { for event in stream.receive(input) { check.add(event) } }
        return check
    }
    private static func check(_ text: String) -> StreamCheck { check([Array(text.utf8)]) }

    @Test func aWholeAnswerInThePlaceOfAStream() {
        let json =
            #"{"id":"x","choices":[{"index":0,"message":{"role":"assistant","content":"hi","reasoning_content":"hm","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}},{"id":"b","type":"function","function":{"name":"g","arguments":"{\"a\":1}"}}]},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":3,"completion_tokens":2}}"#
        for pieces in [[Array(json.utf8)], json.utf8.map { [$0] }, [Array("\r\n ".utf8), Array(json.utf8), [0x0A]]] {
            let result = Self.check(pieces)
            #expect(result.problems.isEmpty && result.stopped && result.stop == .toolUse, "\(result)")
            #expect(result.texts == ["hi"] && result.thinking == "hm" && result.usage == MessageUsage(input: 3, output: 2))
            #expect(result.calls == [.init("f", "{}"), .init("g", "{\"a\":1}")])
        }
    }

    /// Older servers of llama.cpp end a stream so, with no `data` at all.
    @Test(arguments: ["\n", "\r\n", "\r"]) func anErrorInThePlaceOfAnEvent(end: String) {
        let error = #"error: {"code":503,"message":"slot unavailable","type":"unavailable_error"}"# + end + end
        let word = "data: \(chunk(["content": "Half"]).text)"
        for (text, words) in [(error, []), (word + end + end + error, ["Half"]), (word + end + end + word + end + error, ["Half"])] {
            for pieces in [[Array(text.utf8)], text.utf8.map { [$0] }] {
                let result = Self.check(pieces)
                #expect(result.problems.isEmpty && result.texts == words && !result.stopped)
                #expect(result.error == AnthropicError(.overloaded, "slot unavailable", retryAfter: 2))
            }
        }
        #expect(Self.check("error: it broke" + end).error == AnthropicError(.api, "it broke"))
        #expect(Self.check("error:" + end + word + end + end).error?.message.contains("before the answer was complete") == true)
    }

    @Test func eventsInAnyForm() {
        let forms = [
            "data: {\"choices\":[{\"delta\":{\"content\":\"hi\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
            "\u{FEFF}data:{\"choices\":[{\"delta\":{\"content\":\"hi\"},\"finish_reason\":\"stop\"}]}\r\n\r\n",
            ": keepalive 1/2\n\nid: 7\nevent: message\ndata: {\"choices\":[{\"delta\":{\"content\":\"hi\"},\ndata: \"finish_reason\":\"stop\"}]}\n\n",
            "\n\nretry: 3\rdata: {\"choices\":[{\"delta\":{\"content\":\"hi\"},\"finish_reason\":\"stop\"}]}\r\rdata: [DONE]",
        ]
        for form in forms {
            let result = Self.check(form)
            #expect(result.stopped && result.texts == ["hi"] && result.problems.isEmpty, "\(form): \(result)")
        }
    }

    @Test func anErrorInTheFormOfAnEvent() {
        #expect(
            Self.check("event: error\ndata: {\"message\":\"no memory\",\"code\":503}\n\n").error
                == AnthropicError(.overloaded, "no memory", retryAfter: 2))
        #expect(Self.check("event: error\ndata: {\"error\":{\"message\":\"no memory\"}}\n\n").error == AnthropicError(.api, "no memory"))
        #expect(Self.check("event: error\ndata: no memory\n\n").error == AnthropicError(.api, "no memory"))
    }

    @Test func neitherOfBoth() {
        #expect(Self.check("<html>Bad Gateway").error?.message.hasSuffix("neither events nor JSON: <html>Bad Gateway") == true)
        #expect(Self.check("").error?.message.contains("before the answer was complete") == true)
        #expect(Self.check("{\"choices\":[").failed)
        let long = Self.check([[UInt8(ascii: "{")], [UInt8](repeating: 0x20, count: 33 << 20)])
        #expect(long.error?.shouldRetry == false && long.failed && !long.started)
    }
}
