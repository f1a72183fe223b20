import JSON
import Messages
import Testing

@testable import InferenceRuntime

struct GrammarTests {
    private func grammar(_ schema: String) throws -> (grammar: Grammar, dropped: [String]) {
        let answer = try AnswerGrammar(AnswerForm(format: try JSON(parsing: schema)), dialect: nil, notation: nil, markers: [])
        return (answer.grammar, answer.dropped)
    }

    private func accepts(_ schema: String, _ text: String) throws -> Bool {
        var states = GrammarStates(try grammar(schema).grammar)
        var state = states.start()
        for byte in text.utf8 where state >= 0 { state = states.state(after: state, Int(byte)) }
        return state >= 0 && states.isAccepting(state)
    }

    private func accepts(_ schema: String, bytes: [UInt8]) throws -> Bool {
        var states = GrammarStates(try grammar(schema).grammar)
        var state = states.start()
        for byte in bytes where state >= 0 { state = states.state(after: state, Int(byte)) }
        return state >= 0 && states.isAccepting(state)
    }

    @Test(
        arguments: [
            (#"{"type":"string"}"#, #""a \n A \ud83d\ude00 é 😀 \/""#, true), (#"{"type":"string"}"#, #""\ud83d""#, false),
            (#"{"type":"string"}"#, #""\ud83dx""#, false), (#"{"type":"string"}"#, #""\ude00""#, false), (#"{"type":"string"}"#, "\"a\nb\"", false),
            (#"{"type":"string"}"#, #""\x""#, false), (#"{"type":"string","minLength":2,"maxLength":3}"#, #""é""#, false),
            (#"{"type":"string","minLength":2,"maxLength":3}"#, #""é😀""#, true), (#"{"type":"string","maxLength":3}"#, #""abcd""#, false),
            (#"{"type":"integer"}"#, "-12", true), (#"{"type":"integer"}"#, "012", false), (#"{"type":"integer"}"#, "1.0", false),
            (#"{"type":"number"}"#, "-0.5e-3", true), (#"{"type":"number"}"#, "1.", false), (#"{"type":"number"}"#, ".5", false),
            (#"{"type":"array","items":{"type":"integer"}}"#, "[1, 2,3]", true), (#"{"type":"array","items":{"type":"integer"}}"#, "[1,  2]", false),
            (#"{"type":"array","maxItems":0}"#, "[]", true), (#"{"type":"array","maxItems":0}"#, "[1]", false),
            (#"{"properties":{"a":{},"b":{}}}"#, #"{"b": 1}"#, true), (#"{"properties":{"a":{},"b":{}}}"#, #"{"b": 1, "a": 2}"#, false),
            (#"{"properties":{"a":{},"b":{}},"required":["a"]}"#, #"{"b": 1}"#, false),
            (#"{"properties":{"a":{}},"additionalProperties":{"type":"integer"}}"#, #"{"a": "x", "ab": 1, "b": 2}"#, true),
            (#"{"properties":{"a":{}},"additionalProperties":{"type":"integer"}}"#, #"{"ab": "x"}"#, false),
            (#"{"properties":{"a":{}},"additionalProperties":{"type":"integer"}}"#, #"{"b": 1, "a": 1}"#, false),
            (#"{"properties":{"a":{}},"additionalProperties":true}"#, #"{"\u0061": 1}"#, false),
            (#"{"enum":["x",1,null,{"a":[true]}]}"#, #"{"a":[true]}"#, true), (#"{"enum":["x",1]}"#, "2", false),
            (#"{"const":"</"}"#, #""</""#, true), (#"true"#, #"{"a": [1, {"b": null}], "c": "d"}"#, true), (#"{"type":"object"}"#, "[]", false),
            (#"{"type":"integer","minimum":98,"maximum":1203}"#, "97", false), (#"{"type":"integer","minimum":98,"maximum":1203}"#, "1203", true),
            (#"{"type":"integer","minimum":98,"maximum":1203}"#, "1204", false), (#"{"type":"integer","maximum":-5}"#, "-4", false),
            (#"{"type":"integer","maximum":-5}"#, "-17", true), (#"{"type":"number","exclusiveMinimum":0,"maximum":1}"#, "0.001", true),
            (#"{"type":"number","exclusiveMinimum":0,"maximum":1}"#, "0.000", false),
            (#"{"type":"number","exclusiveMinimum":0,"maximum":1}"#, "1", true),
            (#"{"type":"number","exclusiveMinimum":0,"maximum":1}"#, "1.5", false), (#"{"type":"number","maximum":-1.5}"#, "-2.25", true),
            (##"{"$defs":{"a/b":{"const":7}},"$ref":"#/$defs/a~1b"}"##, "7", true), (##"{"anyOf":[{"$ref":"#"},{"const":1}]}"##, "1", true),
            (#"{"type":"string","nullable":true}"#, "null", true),
        ] as [(String, String, Bool)])
    func textsAreOfTheSchemaOrNot(_ schema: String, _ text: String, _ isOf: Bool) throws {
        #expect(try accepts(schema, text) == isOf)
    }

    @Test(arguments: [[0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0x80], [0xE2, 0x82], [0xFF]] as [[UInt8]])
    func whatIsNotUTF8IsNoString(_ bytes: [UInt8]) throws {
        #expect(try !accepts(#"{"type":"string"}"#, bytes: [0x22] + bytes + [0x22]))
    }

    @Test func integersOfARangeAreAllOfThem() throws {
        for (low, high) in [(0, 0), (-3, 12), (7, 7), (95, 1004), (-1200, -99), (1, 100)] {
            var states = GrammarStates(try grammar(#"{"type":"integer","minimum":\#(low),"maximum":\#(high)}"#).grammar)
            for number in (low - 120)...(high + 120) {
                var state = states.start()
                for byte in String(number).utf8 where state >= 0 { state = states.state(after: state, Int(byte)) }
                #expect((state >= 0 && states.isAccepting(state)) == (number >= low && number <= high), "\(number) of \(low)...\(high)")
            }
        }
    }

    @Test func valuesInValuesEndSomewhere() throws {
        let deep = String(repeating: "[", count: 200)
        var states = GrammarStates(try grammar("true").grammar)
        var state = states.start()
        var depth = 0
        for byte in deep.utf8 where state >= 0 {
            state = states.state(after: state, Int(byte))
            if state >= 0 { depth += 1 }
        }
        #expect(depth > 30 && depth < 130)
    }

    @Test(
        arguments: [
            (#"{"type":"text"}"#, "/type"), (##"{"properties":{"a":{"$ref":"#/nowhere"}}}"##, "/properties/a/$ref"),
            (#"{"properties":{"a":3}}"#, "/properties/a"), (#"{"anyOf":[]}"#, "/anyOf"),
            (#"{"properties":{"a~b/c":{"minLength":-1}}}"#, "/properties/a~0b~1c/minLength"),
            (##"{"properties":{"a":{"$ref":"#"}},"required":["a"]}"##, ""), (##"{"$ref":"#"}"##, ""), (#"false"#, ""),
            (#"{"type":"array","minItems":1000000000}"#, ""), (#"{"allOf":[{"type":"string"},{"type":"null"}]}"#, ""),
        ] as [(String, String)])
    func whatHasNoGrammarIsRefusedWithThePlace(_ schema: String, _ place: String) {
        let error = #expect(throws: GrammarError.self) { try grammar(schema) }
        #expect(error?.place == place)
    }

    @Test func hostileSchemasAreRefusedSoon() throws {
        let wide = (0..<9).map { _ in #"{"anyOf":[{"minimum":1},{"minLength":1},{"minItems":1}]}"# }.joined(separator: ",")
        #expect(throws: GrammarError.self) { try grammar(#"{"allOf":[\#(wide)]}"#) }
        let deep = String(repeating: #"{"allOf":["#, count: 90) + "true" + String(repeating: "]}", count: 90)
        #expect(throws: GrammarError.self) { try grammar(deep) }
        let many = (0..<300_000).map { "\"p\($0)\"" }.joined(separator: ",")
        #expect(throws: GrammarError.self) { try grammar(#"{"enum":[\#(many)]}"#) }
        // Each names the next twice: as many ways as no machine has places for, but few schemas.
        let chain = (0..<40).map {
            ##""d\##($0)":{"type":"array","items":{"anyOf":[{"$ref":"#/$defs/d\##($0 + 1)"},{"$ref":"#/$defs/d\##($0 + 1)"}]}}"##
        }
        #expect(try accepts(##"{"$ref":"#/$defs/d0","$defs":{\##(chain.joined(separator: ",")),"d40":{"const":1}}}"##, "[[[]]]"))
    }

    @Test func fewSchemasThatNameEachOtherOftenEndSoon() throws {
        func chain(_ count: Int, _ form: (Int) -> String) -> String {
            ##"{"$ref":"#/$defs/d0","$defs":{"##
                + (0..<count).map { "\"d\($0)\":\(form($0 + 1))" }.joined(separator: ",") + ",\"d\(count)\":{\"const\":1}}}"
        }
        // Two to the power of 25 ways to one constant.
        let error = #expect(throws: GrammarError.self) {
            try grammar(chain(25) { ##"{"allOf":[{"$ref":"#/$defs/d\##($0)"},{"$ref":"#/$defs/d\##($0)"}]}"## })
        }
        #expect(error?.message.contains("too many") == true)
        // Each needs the next: the costs of all are known after a few rounds.
        #expect(throws: GrammarError.self) {
            try grammar(chain(4000) { ##"{"type":"array","minItems":1,"items":{"$ref":"#/$defs/d\##($0)"}}"## })
        }
        let properties = (0..<1001).map { "\"p\($0)\":true" }.joined(separator: ",")
        #expect(throws: GrammarError.self) { try grammar(#"{"properties":{\#(properties)}}"#) }
    }

    @Test func keywordsThatAreLeftOutAreNamed() throws {
        let schema = #"{"properties":{"u":{"type":"string","format":"uri","pattern":"^h","description":"d","x-ours":1},"l":{"items":{"not":{}}}}}"#
        #expect(try grammar(schema).dropped == ["format", "not", "pattern"])
        #expect(try grammar(#"{"oneOf":[{"type":"string"},{"type":"null"}]}"#).dropped == [])
        #expect(try grammar(#"{"oneOf":[{"type":"integer"},{"type":"number"}]}"#).dropped == ["oneOf"])
    }

    @Test(
        arguments: [
            // The reader would take the value's own tag for its end.
            #"{"properties":{"a":{"const":"</parameter>"}},"required":["a"]}"#,
            // The reader looks for types in `properties` alone, and would take the number for a text.
            #"{"allOf":[{"properties":{"a":{"type":"number"}},"required":["a"]}]}"#, #"{"properties":{"a>b":{}},"required":["a>b"]}"#,
        ])
    func whatTagsCannotWriteIsRefused(_ schema: String) throws {
        let tool = AnswerForm.Tool(name: "f", parameters: try JSON(parsing: schema))
        func grammar(_ dialect: any ToolCallDialect) throws -> AnswerGrammar {
            try AnswerGrammar(AnswerForm(tools: [tool]), dialect: dialect, notation: CallNotation(dialect), markers: [])
        }
        let error = #expect(throws: GrammarError.self) { try grammar(QwenCoderDialect()) }
        #expect(error?.message.contains("`f`") == true)
        #expect(throws: Never.self) { try grammar(HermesDialect()) }
    }
}
