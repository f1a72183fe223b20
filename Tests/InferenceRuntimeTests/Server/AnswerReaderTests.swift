import Messages
import Testing

@testable import InferenceRuntime

struct AnswerReaderTests {
    private func answer(
        _ text: String, stops: [String] = [], endsWithFirstCall: Bool = false, isCut: Bool = false
    ) throws -> (message: OpenAI.ChatMessage, reader: AnswerReader) {
        let tool = OpenAI.Tool(name: "f", parameters: ["type": "object"])
        var reader = AnswerReader(
            tokenizer: try Tokenizer(SmallTokenizer.json()), stops: stops, parser: .init(dialect: HermesDialect(), tools: ToolSchemas([tool])),
            endsWithFirstCall: endsWithFirstCall
        ) { "call_\($0)" }
        var assembly = AnswerAssembly()
        for id in TestModel.bytes(text) where !reader.isAtEnd { assembly.add(reader.read(id)) }
        assembly.add(reader.finish(isCut: isCut))
        return (assembly.message, reader)
    }

    @Test func stopStringsAreFoundAcrossTokens() throws {
        let found = try answer("one END two", stops: ["ENDS", "END"])
        #expect(found.message.text == "one ")
        #expect(found.reader.stopString == "END")
        #expect(found.reader.isAtEnd)
        #expect(try answer("one EN", stops: ["END"]).message.text == "one EN")
        #expect(try answer("aab", stops: ["ab"]).message.text == "a")
    }

    @Test func aCharacterOfSeveralTokensComesWhole() throws {
        #expect(try answer("漢 🙂").message.text == "漢 🙂")
    }

    @Test func oneCallEndsTheAnswerWhereOneIsAllowed() throws {
        let call = "<tool_call>\n{\"name\": \"f\", \"arguments\": {}}\n</tool_call>\n"
        #expect(try answer(call + call).message.toolCalls.count == 2)
        let one = try answer(call + call, endsWithFirstCall: true)
        #expect(one.message.toolCalls.count == 1)
        #expect(one.reader.isAtEnd)
    }

    @Test func aCutCallIsNotMadeWhole() throws {
        let cut = try answer("<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": \"rm -rf /tmp", isCut: true)
        #expect(cut.message.toolCalls.first?.arguments == "{\"a\": \"rm -rf /tmp")
        let stopped = try answer("<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": \"rm -rf /tmp/x\"}}", stops: ["/x"])
        #expect(stopped.message.toolCalls.first?.arguments == "{\"a\": \"rm -rf /tmp")
    }
}
