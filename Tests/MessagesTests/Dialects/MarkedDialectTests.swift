import JSON
import Testing

@testable import Messages

/// Notations of markers around a name and a JSON object.
@Suite struct MarkedDialectTests {
    struct Sample: Sendable, CustomTestStringConvertible {
        var dialect: String
        /// One call: a name and a JSON object.
        var call: @Sendable (_ name: String, _ arguments: String) -> String
        var begin = ""
        var end = ""
        var testDescription: String { dialect }
    }

    static let samples: [Sample] = [
        Sample(
            dialect: "kimi-k2", call: { "<|tool_call_begin|>functions.\($0):3<|tool_call_argument_begin|>\($1)<|tool_call_end|>" },
            begin: "<|tool_calls_section_begin|>", end: "<|tool_calls_section_end|>"),
        Sample(
            dialect: "deepseek", call: { "<｜tool▁call▁begin｜>\($0)<｜tool▁sep｜>\($1)<｜tool▁call▁end｜>" }, begin: "<｜tool▁calls▁begin｜>",
            end: "<｜tool▁calls▁end｜>"),
        Sample(
            dialect: "deepseek", call: { "<｜tool▁call▁begin｜>function<｜tool▁sep｜>\($0)\n```json\n\($1)\n```<｜tool▁call▁end｜>" },
            begin: "<｜tool▁calls▁begin｜>", end: "<｜tool▁calls▁end｜>"),
        Sample(dialect: "mistral", call: { "[TOOL_CALLS]\($0)[ARGS]\($1)" }),
        Sample(dialect: "mistral", call: { "[TOOL_CALLS]\($0)[CALL_ID]aB3dE5gH7[ARGS]\($1)" }),
    ]

    @Test(arguments: samples)
    func calls(_ sample: Sample) throws {
        let dialect = try #require(ToolCallDialects.named(sample.dialect))
        let cities = ["Oslo", "{\"x\": [1, 2}", "a \"b\" \\ ```", "[ARGS]", "<|tool_call_end|>", "é😀"]
        for count in 1...3 {
            for city in cities {
                let arguments = "{\"city\": \(JSON.string(city).text), \"days\": \"4\"}"
                let calls = Array(repeating: sample.call("get_weather", arguments), count: count).joined()
                for (before, after) in [("", ""), ("Let me look.", ""), ("", "\nDone.")] {
                    let text = before + sample.begin + calls + sample.end + after
                    let reading = try #require(Reading.inAnyPieces(text, dialect), "\(text)")
                    #expect(reading.calls.map(\.name) == Array(repeating: "get_weather", count: count), "\(text)")
                    for call in reading.calls {
                        // The schema wants an integer.
                        #expect(try JSON(parsing: call.arguments) == ["city": .string(city), "days": 4] && call.isFinished)
                    }
                    #expect(reading.text.trimmed == (before + after).trimmed, "\(text)")
                }
            }
        }
    }

    /// Cut or broken: what is no call stays text, all of it; a call whose end is missing is closed where the text was whole.
    @Test(arguments: samples)
    func everyBeginning(_ sample: Sample) throws {
        let dialect = try #require(ToolCallDialects.named(sample.dialect))
        let text = "Hi. " + sample.begin + sample.call("tag", "{\"tags\": [\"é\", 2]}") + sample.end
        for count in 0...text.count {
            let part = String(text.prefix(count))
            for isComplete in [true, false] {
                let reading = try #require(Reading.inAnyPieces(part, dialect, isComplete: isComplete), "\(part)")
                if reading.calls.isEmpty {
                    #expect(reading.text == part)
                } else {
                    #expect(reading.text.trimmed == "Hi." && reading.calls.count == 1, "\(part): \(reading)")
                    if isComplete { #expect(throws: Never.self) { try JSON(parsing: reading.calls[0].arguments) } }
                }
            }
        }
    }

    @Test(arguments: samples)
    func anyTextInAnyPieces(_ sample: Sample) throws {
        let dialect = try #require(ToolCallDialects.named(sample.dialect))
        let fragments =
            dialect.markers + [
                "get_weather", "tag", ":0", "functions.", "{", "}", "\"city\": \"Rome\"", ", ", "```", "```json\n", "\n", " ", "é😀", "word", "<", "[",
            ]
        for seed in 0..<600 {
            var random = SeededGenerator(UInt64(seed))
            let text = (0..<Int.random(in: 1..<14, using: &random)).compactMap { _ in fragments.randomElement(using: &random) }.joined()
            guard let reading = Reading.inAnyPieces(text, dialect, isComplete: seed % 2 == 0) else {
                Issue.record("seed \(seed): the reading of \(text.debugDescription) depends on the pieces")
                continue
            }
            #expect(reading.calls.allSatisfy { $0.isFinished }, "seed \(seed)")
            if reading.calls.isEmpty { #expect(reading.text == text, "seed \(seed)") }
        }
    }

    @Test func templatesTellThem() {
        #expect(ToolCallDialects.written(by: "{{ '<|tool_calls_section_begin|>' }}")?.name == "kimi-k2")
        #expect(ToolCallDialects.written(by: "{{ '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>' }}")?.name == "deepseek")
        #expect(ToolCallDialects.written(by: "[TOOL_CALLS]{{ name }}[ARGS]")?.name == "mistral")
    }
}
