import JSON
import Testing

@testable import Messages

@Suite struct ToolInputTests {
    /// Servers parse the arguments of a conversation's calls again, and refuse all of it for one that they cannot read.
    @Test(
        arguments: [
            (["b": 1, "a": [2]], #"{"b":1,"a":[2]}"#), ([:], "{}"), (nil, "{}"),
            (["__unparsedToolInput": ["raw": #"{"cmd": "ls"#, "len": 11]], #"{"__unparsedToolInput":{"raw":"{\"cmd\": \"ls","len":11}}"#),
            (["__unparsedToolInput": ["raw": "[1]", "len": 3]], #"{"__unparsedToolInput":{"raw":"[1]","len":3}}"#),
            (["__unparsedToolInput": ["raw": #"{"a": 1}"#, "len": 8]], #"{"a": 1}"#),
            (["__unparsedToolInput": ["raw": "x", "len": 1], "a": 1], #"{"__unparsedToolInput":{"raw":"x","len":1},"a":1}"#),
            ("text", #"{"__unparsedToolInput":{"raw":"\"text\"","len":6}}"#), ([1], #"{"__unparsedToolInput":{"raw":"[1]","len":3}}"#),
        ] as [(JSON, String)])
    func argumentsAreAlwaysAnObject(input: JSON, expected: String) throws {
        let arguments = ToolInput.arguments(of: input)
        #expect(arguments == expected)
        #expect(try JSON(parsing: arguments).objectValue != nil)
    }

    @Test func whatIsNoObjectKeepsItsText() throws {
        #expect(ToolInput.json(ofArguments: #"{"a": 1}"#) == ["a": 1])
        #expect(ToolInput.json(ofArguments: " \n") == [:])
        for text in ["{\"cmd\": \"ls", "[1]", "null", "{} {}", "é😀"] {
            let input = ToolInput.json(ofArguments: text)
            #expect(input["__unparsedToolInput"] == ["raw": .string(text), "len": .integer(text.utf16.count)])
            // It comes back in the next request, and reads the same in all that follow.
            let again = ToolInput.arguments(of: input)
            #expect(ToolInput.arguments(of: try JSON(parsing: again)) == again)
        }
    }

    @Test func aCutCallDoesNotSpoilTheConversation() throws {
        let input: JSON = ["__unparsedToolInput": ["raw": "{\"cmd\": \"ls", "len": 11]]
        let call: JSON = ["type": "tool_use", "id": "t", "name": "Bash", "input": input]
        let result: JSON = ["type": "tool_result", "tool_use_id": "t", "is_error": true, "content": "no JSON"]
        let request = try RequestTranslationTests.request([
            ["role": "user", "content": "go"], ["role": "assistant", "content": [call]], ["role": "user", "content": [result]],
        ])
        let arguments = try RequestTranslationTests.body(request, .native)["messages"]?[1]?["tool_calls"]?[0]?["function"]?["arguments"]
        #expect(try JSON(parsing: try #require(arguments?.stringValue)) == input)
    }

    @Test func aMessageHasItsCallAsAValueAndTellsItAgain() throws {
        var assembly = MessageAssembly()
        assembly.add(.messageStart(id: "msg_1", model: "m", usage: MessageUsage(input: 3)))
        assembly.add(.blockStart(index: 0, .toolUse(id: "toolu_1_0", name: "Bash")))
        for piece in ["{\"cmd\"", ": \"ls\"}"] { assembly.add(.blockDelta(index: 0, .inputJSON(piece))) }
        assembly.add(.blockStop(index: 0))
        assembly.add(.messageDelta(stop: .toolUse, stopSequence: nil, usage: MessageUsage(input: 3, output: 5)))
        assembly.add(.messageStop)
        let expected: JSON = [["type": "tool_use", "id": "toolu_1_0", "name": "Bash", "input": ["cmd": "ls"]]]
        #expect(assembly.json["content"] == expected)
        let replay = try #require(MessageReplay.events(of: assembly.json, id: "msg_2", model: "m"))
        #expect(replay.contains(.blockStart(index: 0, .toolUse(id: "toolu_2_0", name: "Bash"))))
        #expect(replay.contains(.blockDelta(index: 0, .inputJSON("{\"cmd\":\"ls\"}"))))
    }
}
