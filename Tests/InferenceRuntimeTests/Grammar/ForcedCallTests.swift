import JSON
import Messages
import SchemaValidation
import Testing

@testable import InferenceRuntime

/// A model that knows nothing: whatever it picks of what is allowed, a demanded call is a valid one.
struct ForcedCallTests {
    /// All that a call can be demanded in.
    static let dialects = ToolCallDialects.all.filter { CallNotation($0) != nil }.map(\.name)

    @Test func theseAreAmongThem() { #expect(Set(Self.dialects).isSuperset(of: ["hermes", "qwen3-coder"])) }

    /// Picks until the mask allows nothing, and often what ends values, so that answers are not all cut.
    private func pick(_ mask: GrammarMask, _ budget: Int, _ tokenizer: Tokenizer, _ random: inout RandomNumbers) throws -> [Int32] {
        var mask = mask
        var result: [Int32] = []
        let telling = Set("\",:{}[]<\n0123456789".utf8)
        while result.count < budget, !mask.isComplete {
            let allowed = try #require(mask.allowedTokens())
            let all = (0..<Int32(GrammarTokenizer.capacity)).filter(allowed.contains)
            if all.isEmpty { return result }
            let some = random.unit() < 0.5 ? all.filter { telling.contains(tokenizer.bytes(of: $0).first ?? 0) } : all
            let choices = some.isEmpty ? all : some
            let token = choices[Int(random.unit() * Double(choices.count))]
            if token == GrammarTokenizer.end { return result }
            #expect(!tokenizer.isSpecial(token))
            result.append(token)
            mask.advance(by: token)
        }
        return result
    }

    @Test(arguments: ToolSamples.all.map(\.name), dialects)
    func itsArgumentsAreOfTheSchemaWhateverIsPicked(_ name: String, _ dialectName: String) throws {
        let dialect = try #require(ToolCallDialects.named(dialectName))
        let sample = try #require(ToolSamples.all.first { $0.name == name })
        let tokenizer = try GrammarTokenizer.make()
        let grammars = AnswerGrammars(tokenizer, dialect: dialect, capacity: GrammarTokenizer.capacity)
        let tool = AnswerForm.Tool(name: "a_tool", parameters: sample.schema)
        let form = AnswerForm(tools: [tool], allowsSeveralCalls: true)
        let least = try #require(try grammars.mask(form, stopTokens: [GrammarTokenizer.end], budget: 10_000).mask.fewestTokens)
        let check = SchemaCheck(sample.schema)
        let tools = ToolSchemas([OpenAI.Tool(members: ["function": ["name": "a_tool", "parameters": sample.schema]])])
        for seed in 0..<200 {
            var random = RandomNumbers(seed: UInt64(seed))
            let budget = least + [0, 1, 2, 5, 20, 80, 300, 40][seed % 8]
            let mask = try grammars.mask(form, stopTokens: [GrammarTokenizer.end], budget: budget).mask
            let tokens = try pick(mask, budget, tokenizer, &random)
            var reader = AnswerReader(
                tokenizer: tokenizer, stops: [], parser: .init(dialect: dialect, tools: tools), endsWithFirstCall: false
            ) { "call\($0)" }
            var answer = AnswerAssembly()
            for token in tokens { answer.add(reader.read(token)) }
            answer.add(reader.finish(isCut: true))
            let text = tokenizer.decode(tokens, skipSpecialTokens: false)
            let calls = answer.message.toolCalls
            try #require(!calls.isEmpty && answer.message.content?.stringValue == nil, "seed \(seed), \(budget) tokens: \(text)")
            for call in calls {
                let arguments = try JSON(parsing: call.json["function"]?["arguments"]?.stringValue ?? "")
                let faults = check.faults(of: arguments)
                try #require(faults.isEmpty && arguments.objectValue != nil, "seed \(seed), \(budget) tokens: \(faults) in \(text)")
            }
        }
    }

    @Test(arguments: ToolSamples.all.map(\.name))
    func soIsAnAnswerOfAFormat(_ name: String) throws {
        let sample = try #require(ToolSamples.all.first { $0.name == name })
        let tokenizer = try GrammarTokenizer.make()
        let grammars = AnswerGrammars(tokenizer, dialect: nil, capacity: GrammarTokenizer.capacity)
        let form = AnswerForm(format: sample.schema)
        let least = try #require(try grammars.mask(form, stopTokens: [GrammarTokenizer.end], budget: 10_000).mask.fewestTokens)
        let check = SchemaCheck(sample.schema)
        for seed in 0..<200 {
            var random = RandomNumbers(seed: UInt64(seed))
            let budget = least + [0, 1, 3, 10, 100, 300][seed % 6]
            let mask = try grammars.mask(form, stopTokens: [GrammarTokenizer.end], budget: budget).mask
            let text = tokenizer.decode(try pick(mask, budget, tokenizer, &random), skipSpecialTokens: false)
            let value = try #require(try? JSON(parsing: text), "seed \(seed), \(budget) tokens: \(text)")
            let faults = check.faults(of: value)
            try #require(faults.isEmpty, "seed \(seed), \(budget) tokens: \(faults) in \(text)")
        }
    }
}
