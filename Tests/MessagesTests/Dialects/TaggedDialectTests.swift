import JSON
import Testing

@testable import Messages

/// Notations of tags whose texts stand as they are.
@Suite struct TaggedDialectTests {
    struct Sample: Sendable, CustomTestStringConvertible {
        var dialect: String
        var call: @Sendable (_ name: String, _ arguments: [(key: String, value: String)]) -> String
        var begin = ""
        var end = ""
        var testDescription: String { dialect }
    }

    static let samples: [Sample] = [
        Sample(
            dialect: "qwen3-coder",
            call: { name, arguments in
                "<function=\(name)>\n" + arguments.map { "<parameter=\($0.key)>\n\($0.value)\n</parameter>\n" }.joined() + "</function>\n"
            }, begin: "<tool_call>\n", end: "</tool_call>"),
        Sample(
            dialect: "glm",
            call: { name, arguments in
                "<tool_call>\(name)\n" + arguments.map { "<arg_key>\($0.key)</arg_key>\n<arg_value>\($0.value)</arg_value>\n" }.joined()
                    + "</tool_call>"
            }),
        Sample(
            dialect: "glm",
            call: { name, arguments in
                "<tool_call>\(name)" + arguments.map { "<arg_key>\($0.key)</arg_key><arg_value>\($0.value)</arg_value>" }.joined() + "</tool_call>"
            }),
        Sample(
            dialect: "minimax",
            call: { name, arguments in
                "<invoke name=\"\(name)\">\n" + arguments.map { "<parameter name=\"\($0.key)\">\($0.value)</parameter>\n" }.joined() + "</invoke>\n"
            }, begin: "<minimax:tool_call>\n", end: "</minimax:tool_call>"),
        Sample(
            dialect: "minimax",
            call: { name, arguments in
                "<invoke name=\(name)>" + arguments.map { "<parameter name='\($0.key)'>\($0.value)</parameter>" }.joined() + "</invoke>"
            }, begin: "<minimax:tool_call>", end: "</minimax:tool_call>"),
    ]

    @Test(arguments: samples)
    func calls(_ sample: Sample) throws {
        let dialect = try #require(ToolCallDialects.named(sample.dialect))
        for city in ["Oslo", "", " a\n<b>\n", "</arg", "</param", "\"quoted\" \\", "5", "é😀", "{\"x\": 1", "\u{301}a"] {
            for count in 1...3 {
                let call = sample.call("get_weather", [("city", city), ("days", "4")])
                for (before, after) in [("", ""), ("Let me look.\n", ""), ("", "\nDone.")] {
                    let text = before + sample.begin + Array(repeating: call, count: count).joined() + sample.end + after
                    let reading = try #require(Reading.inAnyPieces(text, dialect), "\(text)")
                    #expect(reading.calls.map(\.name) == Array(repeating: "get_weather", count: count), "\(text)")
                    for call in reading.calls {
                        #expect(try JSON(parsing: call.arguments) == ["city": .string(city), "days": 4] && call.isFinished)
                    }
                    #expect(reading.text.trimmed == (before + after).trimmed, "\(text)")
                }
            }
        }
    }

    @Test(arguments: samples)
    func valuesAreOfTheirTypes(_ sample: Sample) throws {
        let dialect = try #require(ToolCallDialects.named(sample.dialect))
        let text = sample.begin + sample.call("tag", [("tags", "[\"<a>\", 2]"), ("other", "[1]")]) + sample.call("tag", []) + sample.end
        let reading = try #require(Reading.inAnyPieces(text, dialect))
        // Of `other` the schema says nothing.
        #expect(try reading.calls.map { try JSON(parsing: $0.arguments) } == [["tags": ["<a>", 2], "other": "[1]"], [:]])
    }

    /// Cut or broken: what is no call stays text; a call whose end is missing is closed where the text was whole, and nowhere else.
    @Test(arguments: samples)
    func everyBeginning(_ sample: Sample) throws {
        let dialect = try #require(ToolCallDialects.named(sample.dialect))
        let text = "Hi. " + sample.begin + sample.call("get_weather", [("city", "é b"), ("days", "12")])
        for count in 0..<text.count {
            let part = String(text.prefix(count))
            for isComplete in [true, false] {
                let reading = try #require(Reading.inAnyPieces(part, dialect, isComplete: isComplete), "\(part)")
                if reading.calls.isEmpty {
                    #expect(reading.text == part)
                    continue
                }
                #expect(reading.text.trimmed == "Hi." && reading.calls.count == 1 && reading.calls[0].isFinished, "\(part): \(reading)")
                let arguments = try? JSON(parsing: reading.calls[0].arguments)
                if isComplete { #expect(arguments != nil, "\(part): \(reading)") }
                if !isComplete, arguments != nil { #expect(arguments == ["city": "é b", "days": 12], "\(part): \(reading)") }
            }
        }
    }

    @Test(arguments: samples)
    func anyTextInAnyPieces(_ sample: Sample) throws {
        let dialect = try #require(ToolCallDialects.named(sample.dialect))
        let fragments =
            dialect.markers + [
                "get_weather", "tag", "city", "days", "<invoke name=", "\"tag\">", "</invoke>", "<parameter name=\"city\">", "<parameter name=",
                "<function=tag>", "<parameter=city>",
                "</parameter>", "[1, \"<\"]", "<arg_key>city</arg_key><arg_value>", "\n", " ", "é😀", "word ", "<", ">", "\"",
            ]
        var withCalls = 0
        for seed in 0..<1000 {
            var random = SeededGenerator(UInt64(seed))
            let text = (0..<Int.random(in: 1..<14, using: &random)).compactMap { _ in fragments.randomElement(using: &random) }.joined()
            guard let reading = Reading.inAnyPieces(text, dialect, isComplete: seed % 2 == 0) else {
                Issue.record("seed \(seed): the reading of \(text.debugDescription) depends on the pieces")
                continue
            }
            #expect(reading.calls.allSatisfy { $0.isFinished }, "seed \(seed)")
            if reading.calls.isEmpty { #expect(reading.text == text, "seed \(seed)") } else { withCalls += 1 }
        }
        #expect(withCalls > 0)
    }

    @Test(arguments: [
        "Write <tool_call> before it.", "<tool_call>\n{\"name\": \"tag\"}", "<tool_call>tag\nand more", "<tool_call></tool_call>",
        "<minimax:tool_call>word", "<minimax:tool_call>\n<invoke name=\"\">", "<tool_call>tag <arg",
    ])
    func proseStays(_ text: String) {
        for dialect: any ToolCallDialect in [GLMDialect(), MiniMaxDialect()] {
            let reading = Reading.inAnyPieces(text, dialect)
            #expect(reading?.text == text && reading?.calls.isEmpty == true, "\(dialect.name)")
        }
    }

    @Test func templatesTellThem() {
        #expect(ToolCallDialects.written(by: "<tool_call>{{ tc.name }}\n<arg_key>{{ k }}</arg_key>")?.name == "glm")
        #expect(ToolCallDialects.written(by: "{{ '<minimax:tool_call>' }}<invoke name=")?.name == "minimax")
    }
}
