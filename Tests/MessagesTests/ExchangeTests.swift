import JSON
import Testing

@testable import Messages

@Suite struct ExchangeTests {
    private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    static let exchange = RecordedExchange(
        id: "req_1", time: "2026-11-20T08:00:00.000Z", backend: ["name": "b"], cache: "miss", isTruncated: false, wasLeft: false,
        request: .init(method: "POST", target: "/v1/messages", headers: [.init(name: "x-app", value: "cli")], body: bytes("{\"é\":1}")),
        questions: [
            .init(
                backend: "b", time: 1.5, request: .init(method: "POST", target: "http://u/v1/chat", headers: [], body: [0xFF, 0x00]),
                response: .init(status: 200, headers: [], parts: [.init(time: 2.25, bytes: [0xC3]), .init(time: 3, bytes: [0xA9])]), failure: "cut")
        ], response: .init(status: 200, headers: [], parts: [.init(time: 4, bytes: bytes("data"))]))

    @Test func aLineIsReadAsItWasWritten() throws {
        let line = Self.exchange.json.bytes
        #expect(!line.contains(0x0A))
        #expect(try RecordedExchange.read(line + [0x0A, 0x0A] + line) == [Self.exchange, Self.exchange])
    }

    @Test(arguments: [
        ("{}", "line 1: it is not a captured exchange"), ("{\"format\":\"anyclaude.exchange\",\"version\":2}", "line 1: it is of another version"),
        ("x", "line 1: it is not JSON"),
        (
            "{\"format\":\"anyclaude.exchange\",\"version\":1,\"id\":\"a\",\"request\":{\"method\":\"GET\",\"path\":\"/\",\"body\":{\"base64\":\"*\"}}}",
            "line 1: a body"
        ),
    ])
    func badLines(text: String, reason: String) {
        do {
            _ = try RecordedExchange.read(Self.bytes(text))
            Issue.record("it was read")
        } catch {
            #expect(error.description.hasPrefix(reason), "\(error)")
        }
    }

    @Test func anyBytesInBase64() {
        for count in 0..<70 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ count) }
            #expect(Base64.decode(whole: Base64.encode(bytes)) == bytes)
        }
        #expect(Base64.encode(Array("foob".utf8)) == "Zm9vYg==" && Base64.decode(whole: "Zm9vY") == nil && Base64.decode(whole: "Zm 9vYg=") == nil)
    }

    private static func stream(_ events: [JSON]) -> [UInt8] {
        events.flatMap { bytes("event: \($0["type"]?.stringValue ?? "")\ndata: \($0.text)\n\n") }
    }

    @Test func aStreamAndAMessageAreAlike() throws {
        let message: JSON = [
            "type": "message", "stop_reason": "tool_use",
            "content": [["type": "text", "text": "on it"], ["type": "tool_use", "id": "t", "name": "Bash", "input": ["b": 1, "a": "x"]]],
        ]
        let stream = Self.stream([
            ["type": "message_start", "message": [:]], ["type": "ping"],
            ["type": "content_block_start", "index": 0, "content_block": ["type": "text", "text": ""]],
            ["type": "content_block_delta", "index": 0, "delta": ["type": "text_delta", "text": "on "]],
            ["type": "content_block_delta", "index": 0, "delta": ["type": "text_delta", "text": "it"]],
            ["type": "content_block_start", "index": 1, "content_block": ["type": "tool_use", "id": "t", "name": "Bash", "input": [:]]],
            ["type": "content_block_delta", "index": 1, "delta": ["type": "input_json_delta", "partial_json": "{\"a\":\"x\","]],
            ["type": "content_block_delta", "index": 1, "delta": ["type": "input_json_delta", "partial_json": " \"b\":1}"]],
            ["type": "message_delta", "delta": ["stop_reason": "tool_use"], "usage": [:]], ["type": "message_stop"],
        ])
        let shapes = (try AnswerShape(status: 200, body: message.bytes), try AnswerShape(status: 200, body: stream))
        #expect(shapes.0 == shapes.1 && shapes.0.outline == "text, tool_use(Bash)")
        #expect(shapes.1.differences(from: shapes.0, exactly: true).isEmpty)
    }

    @Test func whatDiffersIsSaid() throws {
        func shape(_ text: String, _ stop: String = "end_turn", status: Int = 200) throws -> AnswerShape {
            try AnswerShape(
                status: status, body: (["content": [["type": "text", "text": .string(text)]], "stop_reason": .string(stop)] as JSON).bytes)
        }
        let before = try shape("one two")
        #expect(try shape("three").differences(from: before, exactly: false).isEmpty)
        #expect(try shape("one six").differences(from: before, exactly: true) == ["text 0 differs from character 4 on: `six`, was `two`"])
        #expect(try shape("one two", "max_tokens").differences(from: before, exactly: false) == ["stop_reason is max_tokens, was end_turn"])
        let error = try AnswerShape(status: 529, body: Self.bytes("{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"m\"}}"))
        #expect(error.differences(from: before, exactly: false).first == "status is 529, was 200")
        let broken = try AnswerShape(status: 200, body: Self.stream([["type": "error", "error": ["type": "api_error"]]]))
        #expect(broken.error == "api_error")
    }

    @Test(arguments: ["<html>", "", "event: ping\ndata: {\"type\": \"ping\"}\n\n", "event: ping\ndata: {\n\n"])
    func whatIsNoAnswer(text: String) { #expect(throws: RecordedExchange.Fault.self) { try AnswerShape(status: 200, body: Self.bytes(text)) } }
}
