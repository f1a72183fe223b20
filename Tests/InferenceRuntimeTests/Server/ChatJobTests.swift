import JSON
import Messages
import Testing

@testable import InferenceRuntime

struct ChatJobTests {
    private static let tool: JSON = ["type": "function", "function": ["name": "f", "parameters": ["type": "object"]]]

    private func job(
        _ members: JSONObject, prefixes: PrefixStore = PrefixStore(), template: String = TestModel.template
    ) throws -> ChatJob {
        var body: JSONObject = ["messages": [["role": "user", "content": "hi"]]]
        for member in members { body[member.key] = member.value }
        return try ChatJob(.object(body), model: try TestModel.make(ScriptedEngine(contextWindow: 1000), template: template), prefixes: prefixes)
    }

    @Test func theMessagesAreRenderedByTheTemplate() throws {
        let model = try TestModel.make(ScriptedEngine())
        #expect(model.tokenizer.decode(try job([:]).prompt.tokens, skipSpecialTokens: false) == "<|user|>hi<|assistant|>")
    }

    @Test func argumentsOfCallsReachTheTemplateAsObjects() throws {
        let call: JSON = ["id": "c", "type": "function", "function": ["name": "f", "arguments": #"{"a":1}"#]]
        let prompt = try job(["messages": [["role": "assistant", "content": nil, "tool_calls": [call]]]]).prompt.tokens
        let text = try TestModel.make(ScriptedEngine()).tokenizer.decode(prompt, skipSpecialTokens: false)
        #expect(text == "<|assistant|><tool_call>{\"a\": 1}<|assistant|>")
    }

    @Test func samplingIsTakenOver() throws {
        let sampling = try job([
            "temperature": 0.5, "top_p": 0.9, "top_k": 7, "seed": -1, "logit_bias": ["5": -100], "max_tokens": 9, "frequency_penalty": 1,
        ]).generation.sampling
        #expect(sampling.temperature == 0.5)
        #expect(sampling.topK == 7)
        #expect(sampling.seed == .max)
        #expect(sampling.logitBias == [5: -.infinity])
        #expect(sampling.frequencyPenalty == 1)
    }

    @Test(
        arguments: [
            ("n", 17), ("n", 0), ("stream_options", 3), ("temperature", "hot"), ("temperature", -1), ("max_tokens", -1), ("stop", [""]),
            ("logit_bias", ["x": 1]), ("top_logprobs", 3),
            ("response_format", ["type": "xml"]), ("response_format", ["type": "json_schema", "json_schema": ["schema": ["type": 3]]]),
            ("messages", []), ("messages", [["role": "user", "content": [["type": "image_url"]]]]),
            ("tool_choice", "required"), ("tool_choice", "sometimes"), ("functions", [["name": "f"]]), ("prefix", 3),
        ] as [(String, JSON)])
    func whatIsWrongOrNotDoneIsRefusedByName(_ key: String, _ value: JSON) {
        let failure = #expect(throws: OpenAI.Failure.self) { try job([key: value]) }
        #expect(failure?.status == 400)
        #expect(failure?.param == key)
    }

    @Test func aDemandedCallIsTheOnlyBeginning() throws {
        let job = try job(["tools": [Self.tool], "tool_choice": ["type": "function", "function": ["name": "f"]]])
        var mask = try #require(job.generation.mask)
        for id in TestModel.bytes("<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": 1}}\n</tool_call>") {
            let allowed = try #require(mask.allowedTokens())
            #expect(allowed.contains(id))
            mask.advance(by: id)
        }
        #expect(mask.isComplete)
        #expect(job.endsWithFirstCall)
        #expect(throws: OpenAI.Failure.self) {
            try self.job(["tools": [Self.tool], "tool_choice": ["type": "function", "function": ["name": "g"]]])
        }
    }

    @Test func aFormatIsThatOfTheAnswer() throws {
        let schema: JSON = ["type": "object", "properties": ["n": ["type": "integer"]], "required": ["n"]]
        let format: JSON = ["type": "json_schema", "json_schema": ["name": "s", "schema": schema, "strict": true]]
        var mask = try #require(try job(["response_format": format]).generation.mask)
        for id in TestModel.bytes("{\"n\": 7}") {
            #expect(try #require(mask.allowedTokens()).contains(id))
            mask.advance(by: id)
        }
        #expect(mask.isComplete)
        #expect(try job(["response_format": ["type": "text"]]).generation.mask == nil)
        #expect(try job(["response_format": ["type": "json_object"]]).generation.mask?.allowedTokens()?.contains(0x5B) == false)
    }

    @Test func whereCallsAndAFormatAreBothPossibleEitherMayBegin() throws {
        let members: JSONObject = ["tools": [Self.tool], "response_format": ["type": "json_object"]]
        let allowed = try #require(try job(members).generation.mask?.allowedTokens())
        #expect(allowed.contains(Int32(UInt8(ascii: "<"))) && allowed.contains(Int32(UInt8(ascii: "{"))))
        var forced = members
        forced["tool_choice"] = "required"
        #expect(try job(forced).generation.mask?.allowedTokens()?.contains(Int32(UInt8(ascii: "{"))) == false)
        var forbidden = members
        forbidden["tool_choice"] = "none"
        #expect(try job(forbidden).generation.mask?.allowedTokens()?.contains(Int32(UInt8(ascii: "<"))) == false)
    }

    @Test func aLimitBelowTheShortestAnswerIsRefusedWithTheNumber() throws {
        let members: JSONObject = ["tools": [Self.tool], "tool_choice": "required"]
        var short = members
        short["max_tokens"] = 5
        let failure = #expect(throws: OpenAI.Failure.self) { try job(short) }
        #expect(failure?.param == "max_tokens" && failure?.status == 400)
        let number = try #require(failure?.message.split(separator: " ").compactMap { Int($0) }.first)
        short["max_tokens"] = .integer(number)
        #expect(try job(short).generation.mask != nil)
        short["max_tokens"] = .integer(number - 1)
        #expect(throws: OpenAI.Failure.self) { try job(short) }
    }

    @Test func aBiasDoesNotForbidTheOnlyToken() throws {
        let bias = try job(["response_format": ["type": "json_object"], "logit_bias": ["123": -100]]).generation.sampling.logitBias
        #expect(bias[123] == -10_000)
    }

    @Test func keywordsThatTheAnswerNeedNotMeetAreNamed() throws {
        let schema: JSON = ["type": "string", "pattern": "^a"]
        #expect(try job(["response_format": ["type": "json_schema", "json_schema": ["schema": schema]]]).dropped == ["pattern"])
    }

    @Test func toolsStayInThePromptWhenCallsAreForbidden() throws {
        let free = try job(["tools": [Self.tool]])
        let forbidden = try job(["tools": [Self.tool], "tool_choice": "none"])
        #expect(free.prompt.tokens == forbidden.prompt.tokens)
        #expect(forbidden.parser.dialect == nil)
    }

    /// Braces begin calls of Llama, and much else.
    @Test func forbiddenCallsForbidNoBraces() throws {
        let llama = "<|start_header_id|>{{ messages }}{{- '\"parameters\": ' }}"
        let job = try job(["tools": [Self.tool], "tool_choice": "none"], template: llama)
        #expect(job.generation.sampling.logitBias.isEmpty && job.parser.dialect == nil)
        #expect(try self.job(["tools": [Self.tool]], template: llama).parser.dialect?.name == "llama3")
    }

    /// Where a notation frames the answer, the frames are read without tools too.
    @Test func framesAreReadWithoutTools() throws {
        let harmony = "{{ messages }}{{ '<|start|>assistant<|channel|>final<|message|>' if false }}"
        for (members, tellsCalls) in [
            ([:], false), (["tools": [Self.tool], "tool_choice": "none"], false), (["tools": [Self.tool]], true),
        ] as [(JSONObject, Bool)] {
            let job = try job(members, template: harmony)
            #expect(job.parser.dialect?.name == "harmony" && job.parser.tellsCalls == tellsCalls && job.generation.sampling.logitBias.isEmpty)
            #expect(job.parser.readsReasoning)
        }
    }

    @Test func aPrefixStandsForWhatItLeavesOut() throws {
        let prefixes = PrefixStore()
        let prefix = Native.Prefix(messages: [["role": "system", "content": "s"]], tools: [Self.tool])
        let whole = try job(["messages": [["role": "system", "content": "s"], ["role": "user", "content": "hi"]], "tools": [Self.tool]])
        let error = #expect(throws: OpenAI.Failure.self) { try prefixes.insert(prefix, digest: "0") }
        #expect(error?.code == "digest_mismatch")
        // sha256 of {"messages":[{"content":"s","role":"system"}],"tools":[{"function":{"name":"f","parameters":{"type":"object"}},"type":"function"}]}
        let digest = try #require(error?.message.split(separator: " ").first { $0.count > 63 }).dropLast()
        try prefixes.insert(prefix, digest: String(digest))
        #expect(try job(["prefix": .string(String(digest))], prefixes: prefixes).prompt.tokens == whole.prompt.tokens)
        let unknown = #expect(throws: OpenAI.Failure.self) { try job(["prefix": "00"], prefixes: prefixes) }
        #expect(unknown?.status == 409)
        #expect(unknown?.code == "prefix_unknown")
    }

    @Test func prefixesAreBounded() throws {
        let store = PrefixStore(maxCount: 2, maxBytes: 10_000)
        for index in 0..<5 {
            let prefix = Native.Prefix(messages: [["role": "system", "content": .string("\(index)")]], tools: [])
            let error = #expect(throws: OpenAI.Failure.self) { try store.insert(prefix, digest: "") }
            let digest = try #require(error?.message.split(separator: " ").first { $0.count > 63 }).dropLast()
            try store.insert(prefix, digest: String(digest))
        }
        #expect(store.count == 2)
    }

    @Test func anInlineSystemMessageIsTriedOut() throws {
        #expect(try TestModel.make(ScriptedEngine()).inlineSystem)
        #expect(
            try !TestModel.make(ScriptedEngine(), template: "{% for m in messages if m.role != 'system' %}{{ m.content }}{% endfor %}").inlineSystem)
        #expect(try !TestModel.make(ScriptedEngine(), template: "{{ raise_exception('no') }}").inlineSystem)
    }
}
