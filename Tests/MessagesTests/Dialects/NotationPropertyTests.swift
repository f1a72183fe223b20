import JSON
import Testing

@testable import Messages

/// Texts put together from pieces of a notation, well formed or not.
@Suite struct NotationPropertyTests {
    private static let fragments: [String: [String]] = [
        "hermes": [
            "<tool_call>", "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {", "</tool_call>", "\n", " ", "\"city\": \"Par", "is\"", "}",
            "}}", "{\"name\": \"tag\", \"arguments\": ", "{}", "{", ", ", "\"days\": \"2\"", "```", "```json\n", "`", "word ", "<tool",
            "{\"arguments\": {}, \"name\": \"tag\"}", "[", "]", "\\", "é😀", ": 1",
        ],
        "qwen3-coder": [
            "<tool_call>", "</tool_call>", "\n", " ", "<function=", "get_weather", ">", "<function=tag>\n", "</function>", "<parameter=", "city>\n",
            "<parameter=tags>\n", "[1, \"<\"]", "</parameter>", "\n</parameter>\n", "word ", "<", "é😀", "\"\\",
        ],
    ]

    /// How a text is read does not depend on the pieces in which it comes, and what is no call stays text, whole.
    @Test(arguments: ["hermes", "qwen3-coder"], [true, false])
    func anyTextInAnyPieces(name: String, isComplete: Bool) throws {
        let dialect = try #require(ToolCallDialects.named(name))
        let fragments = try #require(Self.fragments[name])
        var withCalls = 0
        for seed in 0..<1000 {
            var random = SeededGenerator(UInt64(seed))
            let text = (0..<Int.random(in: 1..<14, using: &random)).compactMap { _ in fragments.randomElement(using: &random) }.joined()
            guard let reading = Reading.inAnyPieces(text, dialect, isComplete: isComplete) else {
                Issue.record("seed \(seed): the reading of \(text.debugDescription) depends on the pieces")
                continue
            }
            #expect(reading.calls.allSatisfy { $0.isFinished }, "seed \(seed)")
            if reading.calls.isEmpty { #expect(reading.text == text, "seed \(seed)") } else { withCalls += 1 }
            // Letters that no notation has are told, but in members that Hermes calls may have, in a name that the end cut, and in
            // arguments that are no JSON.
            let end = text.split(separator: "<parameter=", omittingEmptySubsequences: false)
            if text.contains("\"days\"") || end.count > 1 && !end[end.count - 1].contains(">") { continue }
            if reading.calls.contains(where: { (try? JSON(parsing: $0.arguments)) == nil }) { continue }
            let told = reading.text + reading.calls.map { $0.name + $0.arguments }.joined()
            #expect(told.count { $0 == "é" } == text.count { $0 == "é" }, "seed \(seed): \(reading) of \(text.debugDescription)")
        }
        #expect(withCalls > 100)
    }

    /// Calls as models write them come out as they were meant, wherever text stands around them.
    @Test(arguments: ["hermes", "qwen3-coder"])
    func wellFormedCalls(name: String) throws {
        let dialect = try #require(ToolCallDialects.named(name))
        for seed in 0..<150 {
            var random = SeededGenerator(UInt64(seed))
            let cities = ["Paris", "a\nb", "<parameter", "{\"x\": 1}", "é😀 \"q\" \\", "</tool", "2"]
            let calls = (0..<Int.random(in: 1..<4, using: &random)).map { _ in
                (city: cities.randomElement(using: &random) ?? "", days: Int.random(in: 0..<9, using: &random))
            }
            let blocks = calls.map { city, days in
                name == "hermes"
                    ? "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \(JSON.string(city).text), \"days\": \(days)}}\n</tool_call>"
                    : "<tool_call>\n<function=get_weather>\n<parameter=city>\n\(city)\n</parameter>\n<parameter=days>\n\(days)\n</parameter>\n</function>\n</tool_call>"
            }
            let before = ["", "Look:\n", "a\n\nb\n"].randomElement(using: &random) ?? ""
            let reading = try #require(Reading.inAnyPieces(before + blocks.joined(separator: "\n"), dialect), "seed \(seed)")
            #expect(reading.text == before.dropLast(before.isEmpty ? 0 : 1), "seed \(seed)")
            #expect(reading.calls.map(\.name) == calls.map { _ in "get_weather" }, "seed \(seed)")
            for (read, meant) in zip(reading.calls, calls) {
                #expect(try JSON(parsing: read.arguments) == ["city": .string(meant.city), "days": .integer(meant.days)], "seed \(seed)")
            }
        }
    }
}
