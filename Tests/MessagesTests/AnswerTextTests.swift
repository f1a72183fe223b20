import JSON
import Testing

@testable import Messages

/// Thinking and calls that a server leaves in the text of its answer.
@Suite struct AnswerTextTests {
    static let weather: JSON = [
        "type": "function",
        "function": [
            "name": "get_weather",
            "parameters": ["type": "object", "properties": ["city": ["type": "string"], "days": ["type": "integer"]]],
        ],
    ]
    static func format(_ dialect: any ToolCallDialect = QwenCoderDialect(), reasons: Bool = false, opened: Bool = false) -> OutputParser.Settings {
        OutputParser.Settings(
            dialect: dialect, tools: ToolSchemas([weather].compactMap { $0.objectValue.map(OpenAI.Tool.init(members:)) }), refusesOthers: true,
            readsReasoning: reasons || opened, startsInReasoning: opened)
    }
    static func options(_ format: OutputParser.Settings? = format()) -> MessageStream.Options {
        MessageStream.Options(id: "msg_1", model: "m", textFormat: format)
    }
    private static let call =
        "<tool_call>\n<function=get_weather>\n<parameter=city>\nParis\n</parameter>\n<parameter=days>\n2\n</parameter>\n</function>\n</tool_call>"

    /// The text in pieces of a length, as tokens come.
    private func said(_ text: String, _ length: Int, finish: String = "stop", _ options: MessageStream.Options) throws -> StreamCheck {
        let characters = Array(text)
        let pieces = stride(from: 0, to: characters.count, by: length).map { String(characters[$0..<min($0 + length, characters.count)]) }
        return try check(pieces.map { chunk(["content": .string($0)]) } + [chunk([:], finish: finish)], options: options)
    }

    @Test(arguments: [1, 3, 7, 1000])
    func callsInTheTextAreCallsAndWhatIsAroundThemStays(length: Int) throws {
        let result = try said("I look.\n\(Self.call)\nAnd then?", length, Self.options())
        #expect(result.problems.isEmpty && result.stop == .toolUse)
        #expect(result.calls == [.init("get_weather", "{\"city\": \"Paris\", \"days\": 2}")])
        #expect(result.texts == ["I look.", "\nAnd then?"])
    }

    @Test(arguments: [1, 5, 1000])
    func onlyOfferedToolsAreCalled(length: Int) throws {
        let text = "<tool_call>\n<function=rm>\n<parameter=path>\n/\n</parameter>\n</function>\n</tool_call>"
        let result = try said(text, length, Self.options())
        #expect(result.problems.isEmpty && result.stop == .endTurn && result.calls.isEmpty)
        #expect(result.texts == [text])
        let both = try said(text + "\n" + Self.call, length, Self.options())
        #expect(both.calls.map(\.name) == ["get_weather"] && both.texts.joined().contains("<function=rm>"), "\(both)")
        let hermes = try said("<tool_call>\n{\"name\": \"rm\", \"arguments\": {}}\n</tool_call>", length, Self.options(Self.format(HermesDialect())))
        #expect(hermes.calls.isEmpty && hermes.texts == ["<tool_call>\n{\"name\": \"rm\", \"arguments\": {}}\n</tool_call>"])
    }

    @Test(arguments: [1, 4, 1000])
    func thinkingInTheTextIsThinking(length: Int) throws {
        let tagged = try said("<think>\nhm\n</think>\n\nyes", length, Self.options(Self.format(reasons: true)))
        #expect(tagged.thinking == "hm" && tagged.texts == ["yes"] && tagged.problems.isEmpty)
        let opened = try said("hm\n</think>\n\nyes", length, Self.options(Self.format(opened: true)))
        #expect(opened.thinking == "hm" && opened.texts == ["yes"])
        // Undeclared, it is text like any other.
        let plain = try said("<think>hm</think>yes", length, Self.options(nil))
        #expect(plain.thinking.isEmpty && plain.texts == ["<think>hm</think>yes"])
        var hidden = Self.options(Self.format(reasons: true))
        hidden.showsThinking = false
        #expect(try said("<think>hm</think>yes", length, hidden).thinking.isEmpty)
    }

    @Test(arguments: [1, 3, 1000])
    func theTokenThatEndsTheTurnIsNoText(length: Int) throws {
        #expect(try said("yes<|im_end|>", length, Self.options()).texts == ["yes"])
        let called = try said(Self.call + "<｜end▁of▁sentence｜>", length, Self.options())
        #expect(called.texts.isEmpty && called.calls.count == 1 && called.problems.isEmpty)
        // A model may write about it.
        #expect(try said("a <|im_end|> b</s", length, Self.options()).texts == ["a <|im_end|> b</s"])
        #expect(try said("yes<|im_end|>", length, Self.options(nil)).texts == ["yes<|im_end|>"])
    }

    @Test func aCallThatALimitCutsIsNotMadeWhole() throws {
        let cut = String(Self.call.prefix(70))
        let result = try said(cut, 3, finish: "length", Self.options())
        #expect(result.stop == .maxTokens && result.problems.isEmpty)
        for call in result.calls { #expect((try? JSON(parsing: call.arguments)) == nil, "half a call became one: \(call)") }
    }

    @Test func aForbiddenCallIsText() throws {
        var options = Self.options(nil)
        options.allowsCalls = false
        let written = try said(Self.call, 5, options)
        #expect(written.calls.isEmpty && written.texts == [Self.call] && written.stop == .endTurn)
        let told = try check(
            [
                chunk(["tool_calls": [["index": 0, "id": "a", "function": ["name": "f", "arguments": "{\"a\":1}"]]]]),
                chunk([:], finish: "tool_calls"),
            ], options: options)
        #expect(told.calls.isEmpty && told.stop == .endTurn && told.problems.isEmpty)
        #expect(told.texts == ["<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\":1}}\n</tool_call>"])
    }

    @Test(arguments: [1, 2, 1000])
    func theSecondOfTwoCallsIsNotWaitedFor(length: Int) throws {
        var options = Self.options()
        options.allowsParallelCalls = false
        var stream = MessageStream(options)
        var result = StreamCheck()
        let text = Array(Self.call + "\n" + Self.call + "\n" + Self.call)
        for start in stride(from: 0, to: text.count, by: length) where !stream.isOver {
            let piece = String(text[start..<min(start + length, text.count)])
            for event in stream.receive(.chunk(chunk(["content": .string(piece)]))) { result.add(event) }
        }
        #expect(stream.isCutShort && result.stopped && result.stop == .toolUse && result.calls.count == 1)
        #expect(result.calls == [.init("get_weather", "{\"city\": \"Paris\", \"days\": 2}")])
    }

    // MARK: stop sequences

    @Test(arguments: [1, 2, 1000])
    func aTextThatEndsTheAnswerIsFoundWhateverTheServerDoes(length: Int) throws {
        var options = Self.options(nil)
        options.stopSequences = ["END", "é!"]
        // The server stops there and leaves the text in.
        let included = try said("one twoEND", length, options)
        #expect(included.texts == ["one two"] && included.stop == .stopSequence && included.stopSequence == "END")
        // It knows no stop sequences.
        let ignored = try said("café! and on", length, options)
        #expect(ignored.texts == ["caf"] && ignored.stopSequence == "é!")
        // What only began like one is text.
        let none = try said("one EN", length, options)
        #expect(none.texts == ["one EN"] && none.stop == .endTurn && none.stopSequence == nil)
        let limited = try said("one EN", length, finish: "length", options)
        #expect(limited.texts == ["one EN"] && limited.stop == .maxTokens)
    }

    @Test func aServerThatGoesOnIsNotListenedTo() throws {
        var options = Self.options(nil)
        options.stopSequences = ["END"]
        var stream = MessageStream(options)
        _ = stream.receive(.chunk(chunk(["content": "aEND"])))
        #expect(!stream.isOver)
        let last = stream.receive(.chunk(chunk(["content": "b"])))
        #expect(stream.isCutShort && last.contains(.messageStop))
        // A count that follows at once is still heard.
        var other = MessageStream(options)
        _ = other.receive(.chunk(chunk(["content": "aEND"])))
        let events = other.receive(.chunk(["choices": [], "usage": ["prompt_tokens": 5, "completion_tokens": 3]])) + other.receive(.end)
        #expect(events.contains(.messageDelta(stop: .stopSequence, stopSequence: "END", usage: MessageUsage(input: 5, output: 3))))
    }
}
