import JSON
import Testing

@testable import Messages

/// `[TOOL_CALLS] [{…}, {…}]`: calls that are JSON objects in a list.
@Suite struct MistralListTests {
    static func call(_ city: String, _ order: Int) -> String {
        let name = "\"name\": \"get_weather\""
        let arguments = "\"arguments\": {\"city\": \(JSON.string(city).text), \"days\": \"4\"}"
        return switch order {
        case 0: "{\(name), \(arguments)}"
        case 1: "{\(name), \(arguments), \"id\": \"aB3dE5gH7\"}"
        case 2: "{\"id\": \"aB3dE5gH7\", \(name), \(arguments)}"
        case 3: "{\"type\": \"function\", \(name), \(arguments)}"
        default: "{\(arguments), \(name)}"
        }
    }

    @Test(arguments: 0..<5, ["mistral", "mistral_list", "mistral_v3"])
    func calls(_ order: Int, _ name: String) throws {
        let dialect = try #require(ToolCallDialects.named(name))
        for city in ["Oslo", "{\"x\": [1, 2}", "a \"b\" \\ ```", "[ARGS]", "]", "}}", "é😀"] {
            for count in 1...3 {
                let list = "[" + Array(repeating: Self.call(city, order), count: count).joined(separator: ", ") + "]"
                for (before, after) in [("", ""), ("Let me look.", ""), ("", "\nDone."), ("", " ]")] {
                    let text = before + "[TOOL_CALLS] " + list + after
                    let reading = try #require(Reading.inAnyPieces(text, dialect), "\(text)")
                    #expect(reading.calls.map(\.name) == Array(repeating: "get_weather", count: count), "\(text)")
                    for call in reading.calls {
                        #expect(try JSON(parsing: call.arguments) == ["city": .string(city), "days": 4] && call.isFinished, "\(text)")
                    }
                    #expect(reading.text.trimmed == (before + after).trimmed, "\(text)")
                }
            }
        }
    }

    @Test(arguments: 0..<5)
    func everyBeginning(_ order: Int) throws {
        let text = "Hi. [TOOL_CALLS] [" + Self.call("é b", order) + "]"
        for count in 0..<text.count {
            let part = String(text.prefix(count))
            for isComplete in [true, false] {
                let reading = try #require(Reading.inAnyPieces(part, MistralListDialect(), isComplete: isComplete), "\(part)")
                if reading.calls.isEmpty {
                    #expect(reading.text == part)
                    continue
                }
                #expect(reading.text.trimmed == "Hi." && reading.calls.count == 1 && reading.calls[0].isFinished, "\(part): \(reading)")
                let arguments = try? JSON(parsing: reading.calls[0].arguments)
                if isComplete { #expect(arguments != nil, "\(part): \(reading)") }
                if !isComplete, arguments != nil { #expect(arguments == ["city": "é b", "days": 4], "\(part): \(reading)") }
            }
        }
    }

    @Test func anyTextInAnyPieces() {
        let fragments = [
            "[TOOL_CALLS]", "[", "]", "{", "}", ", ", "{\"name\": \"tag\", \"arguments\": {", "\"name\": \"tag\"", "\"tags\": [1]", ": ", "{}",
            "null",
            "[ARGS]", "tag", "```json\n", "```", "\n", " ", "é😀", "word", ";", "\"arguments\": {}", "\"", "\\",
        ]
        var withCalls = 0
        for seed in 0..<2000 {
            var random = SeededGenerator(UInt64(seed))
            let text =
                "[TOOL_CALLS]" + (0..<Int.random(in: 1..<12, using: &random)).compactMap { _ in fragments.randomElement(using: &random) }.joined()
            guard let reading = Reading.inAnyPieces(text, MistralListDialect(), isComplete: seed % 2 == 0) else {
                Issue.record("seed \(seed): the reading of \(text.debugDescription) depends on the pieces")
                continue
            }
            #expect(reading.calls.allSatisfy { $0.isFinished }, "seed \(seed)")
            if reading.calls.isEmpty { #expect(reading.text == text, "seed \(seed)") } else { withCalls += 1 }
        }
        #expect(withCalls > 100)
    }

    @Test func aBrokenListKeepsItsTextBeside() {
        for (text, calls, left) in [
            ("[TOOL_CALLS] [{\"name\": \"tag\", \"arguments\": {}}, oops]", 1, ", oops]"), ("[TOOL_CALLS] []", 0, "[TOOL_CALLS] []"),
            ("[TOOL_CALLS] [{\"name\": \"tag\", \"arguments\": {}},]x", 1, "x"), ("[TOOL_CALLS] [1, 2]", 0, "[TOOL_CALLS] [1, 2]"),
            ("[TOOL_CALLS] {\"name\": \"tag\", \"arguments\": {}}", 1, ""),
            ("[TOOL_CALLS] ```json\n{\"name\": \"tag\", \"arguments\": {}}\n```", 1, ""),
        ] {
            let reading = Reading.inAnyPieces(text, MistralListDialect())
            #expect(reading?.calls.count == calls && reading?.text == left, "\(text): \(String(describing: reading))")
        }
    }

    @Test func theTemplateTellsTheVersion() {
        #expect(ToolCallDialects.written(by: "{{ '[TOOL_CALLS] [' }}{{ call | tojson }}")?.name == "mistral-list")
        #expect(ToolCallDialects.written(by: "[TOOL_CALLS]{{ name }}[ARGS]")?.name == "mistral")
    }
}
