import JSON
import Testing

@testable import Messages

/// Calls that nothing announces, in JSON and in Python.
@Suite struct LlamaTests {
    private static let dialects: [any ToolCallDialect] = [LlamaDialect(), LlamaPythonicDialect()]

    private func read(_ text: String, isComplete: Bool = true) -> Reading? {
        let readings = Self.dialects.map { Reading.inAnyPieces(text, $0, isComplete: isComplete) }
        return readings[0] == readings[1] ? readings[0] : nil
    }

    @Test(
        arguments: [
            #"{"name": "get_weather", "parameters": {"city": "Oslo", "days": 4}}"#, #"{"name":"get_weather","arguments":{"city":"Oslo","days":"4"}}"#,
            "{\n  \"type\": \"function\",\n  \"name\": \"get_weather\",\n  \"parameters\": {\"city\": \"Oslo\", \"days\": 4}\n}",
            "```json\n{\"name\": \"get_weather\", \"parameters\": {\"city\": \"Oslo\", \"days\": 4}}\n```",
            #"<|python_tag|>{"name": "get_weather", "parameters": {"city": "Oslo", "days": 4}}<|eom_id|>"#,
            #"[{"name": "get_weather", "parameters": {"city": "Oslo", "days": 4}}]"#,
            #"<|python_tag|>{"parameters": {"city": "Oslo", "days": 4}, "name": "get_weather"}"#, #"[get_weather(city="Oslo", days=4)]"#,
            "[\n get_weather( city = 'Oslo' , days = \"4\", ),\n]", #"<|python_tag|>get_weather.call(city="Oslo", days=4)<|eom_id|>"#,
            #"<|python_tag|>get_weather(city="Oslo", days=4)"#, #"<|python_tag|>[get_weather(city="Oslo", days=4)]<|eot_id|>"#,
            #"<|python_start|>[get_weather(city="""Oslo""", days=4)]<|python_end|><|eot|>"#,
        ])
    func oneCall(_ call: String) throws {
        for (before, after) in [("", ""), ("Let me look.\n", ""), ("", "\nDone.")] {
            let reading = try #require(read(before + call + after))
            #expect(reading.calls.map(\.name) == ["get_weather"] && reading.calls[0].isFinished, "\(reading)")
            #expect(try JSON(parsing: reading.calls[0].arguments) == ["city": "Oslo", "days": 4])
            #expect(reading.text.trimmed == (before + after).trimmed, "\(reading)")
        }
        // Cut anywhere: text while it is none, and no call that is less than was meant.
        for count in 0..<call.count {
            let reading = try #require(read(String(call.prefix(count)), isComplete: false))
            if reading.calls.isEmpty {
                #expect(reading.text == call.prefix(count))
            } else if let arguments = try? JSON(parsing: reading.calls[0].arguments) {
                #expect(arguments["city"] == "Oslo" && reading.text.isEmpty && reading.calls.count == 1, "\(count): \(reading)")
            }
            let whole = try #require(read(String(call.prefix(count))))
            if let call = whole.calls.first { #expect((try? JSON(parsing: call.arguments)) != nil, "\(count): \(whole)") }
        }
    }

    @Test(
        arguments: [
            #"{"name": "tag", "parameters": {"tags": [1]}}; {"name": "tag", "parameters": {"tags": [2]}}"#,
            "{\"name\": \"tag\", \"parameters\": {\"tags\": [1]}}\n{\"name\": \"tag\", \"parameters\": {\"tags\": [2]}}",
            #"[{"name": "tag", "parameters": {"tags": [1]}}, {"name": "tag", "parameters": {"tags": [2]}}]"#,
            "[tag(tags=[1]), tag(tags=[2])]", "[tag(tags=(1,)),\n tag(tags=[2,])]",
            #"<|python_tag|>{"name": "tag", "parameters": {"tags": [1]}}; {"name": "tag", "parameters": {"tags": [2]}}<|eom_id|>"#,
        ])
    func severalCalls(_ text: String) throws {
        let reading = try #require(read(text))
        #expect(try reading.calls.map { try JSON(parsing: $0.arguments) } == [["tags": [1]], ["tags": [2]]])
        #expect(reading.text.isEmpty, "\(reading)")
    }

    /// JSON that was asked for, lists, code, and calls of tools that nobody offers.
    @Test(
        arguments: [
            #"{"name": "Oslo", "parameters": {"x": 1}}"#, #"{"name": "get_weather", "age": 3}"#, #"{"users": [{"name": "tag"}]}"#, "{}", "[]",
            "[1, 2]",
            "see [get_weather](http://x)", "[get_weather]", "[other(a=1)]", "[get_weather(\"Oslo\")]", "[get_weather(a==1)]", "f(x) = {x}",
            "```json\n{\"a\": 1}\n```",
            "```\nfor x in [1]: print(x)\n```", "<|python_tag|>print(1)", "<|python_tag|>import os\nos.x(a=1)", "get_weather(city=\"Oslo\")",
            #"{"name": "get_weather"}"#, #"{"name": "get_weather", "parameters": null}"#, "{\"type\": \"object\", \"properties\": {}}", "a { b [ c",
            "[get_weather(", "{ \"name",
        ])
    func whatIsNoCallStays(_ text: String) throws {
        for isComplete in [true, false] {
            let reading = try #require(read(text, isComplete: isComplete))
            #expect(reading.calls.isEmpty && reading.text == text, "\(reading)")
        }
    }

    @Test(
        arguments: [
            (#""a\"b""#, "a\"b"), (#"'it\'s'"#, "it's"), (#"'"'"#, "\""), (#""\n\t\\\x41\u00e9\101\0""#, "\n\t\\Aé" + "A\0"), (#""\d\q""#, "\\d\\q"),
            ("\"\"", ""), ("''", ""),
            ("'''a'b''c'''", "a'b''c"), ("\"\"\"line\n\"two\" \"\"\"", "line\n\"two\" "), (#""😀""#, "😀"), (#""\U0001f600""#, "😀"),
            (#""\ud83d\ude00""#, "😀"),
            (#""a\xzz""#, "a\\xzz"), ("\"a\\\nb\"", "ab"), ("\"), ], }\"", "), ], }"),
        ])
    func textsOfPython(_ literal: String, _ value: String) throws {
        let reading = try #require(read("[get_weather(city=\(literal)), tag(tags=[\(literal)])]"))
        #expect(try reading.calls.map { try JSON(parsing: $0.arguments) } == [["city": .string(value)], ["tags": [.string(value)]]], "\(reading)")
    }

    @Test(
        arguments: [
            ("True", true), ("None", nil), ("false", false), ("1_000", 1000), ("-2.5", -2.5), (".5", 0.5),
            ("{'a': [1, {}], \"b\": ()}", ["a": [1, [:]], "b": []]),
            ("[True, None,]", [true, nil]),
        ] as [(String, JSON)])
    func valuesOfPython(_ literal: String, _ value: JSON) throws {
        let reading = try #require(read("[tag(other=\(literal), tags = [])]"))
        #expect(try JSON(parsing: reading.calls[0].arguments) == ["other": value, "tags": []], "\(reading)")
    }

    /// What is no literal gives arguments that nobody takes for what was meant, and what follows the call is read.
    @Test(arguments: ["[tag(tags=[1], 2)] x", "[tag(tags=f(\"a)\"))] x", "[tag(tags=1 + 2)] x", "[tag(tags=\"a\" \"b\")] x"])
    func codeIsNoValue(_ text: String) throws {
        let reading = try #require(read(text))
        #expect(reading.calls.count == 1 && (try? JSON(parsing: reading.calls[0].arguments)) == nil, "\(reading)")
    }

    @Test func anyTextInAnyPieces() {
        let fragments = [
            "<|python_tag|>", "{", "}", "[", "]", "(", ")", "tag(", "[tag(", "tags=", "tags = [", "get_weather", ".call(", "city='", "'", "\"", "\\",
            "1", "True", ", ",
            "; ", "{\"name\": \"tag\", \"parameters\": {", "\"tags\": ", "{\"type\": \"function\", ", "```json\n", "```", "\n", " ", "é😀", "word",
            "=", ":", "<|eom_id|>",
        ]
        var withCalls = 0
        for seed in 0..<3000 {
            var random = SeededGenerator(UInt64(seed))
            let text = (0..<Int.random(in: 1..<14, using: &random)).compactMap { _ in fragments.randomElement(using: &random) }.joined()
            guard let reading = Reading.inAnyPieces(text, LlamaDialect(), isComplete: seed % 2 == 0) else {
                Issue.record("seed \(seed): the reading of \(text.debugDescription) depends on the pieces")
                continue
            }
            #expect(reading.calls.allSatisfy { $0.isFinished }, "seed \(seed)")
            if reading.calls.isEmpty { #expect(reading.text == text, "seed \(seed)") } else { withCalls += 1 }
        }
        #expect(withCalls > 100)
    }

    @Test func templatesTellThem() {
        let json = "<|start_header_id|>{{- '{\"name\": \"' + tool_call.name + '\", ' }}{{- '\"parameters\": ' }}"
        #expect(ToolCallDialects.written(by: json)?.name == "llama3")
        #expect(ToolCallDialects.written(by: "<|start_header_id|> Format: [func_name1(params_name1=params_value1)]")?.name == "llama32-pythonic")
        #expect(ToolCallDialects.named("llama3_json")?.name == "llama3" && ToolCallDialects.named("llama3_python_tag")?.name == "llama3")
        #expect(ToolCallDialects.named("llama32_pythonic")?.name == "llama32-pythonic")
    }
}
