import Testing

@testable import InferenceRuntime

/// A token's result depends on its own sequence only.
struct ForwardPassTests {
    /// Bit patterns of the logits of every position of `tokens`, computed in chunks of the given sizes.
    static func logits(_ model: LanguageModel, _ tokens: [Int32], chunks: [Int]) throws -> [[UInt32]] {
        let pass = ForwardPass(model)
        let blocks = try (0..<(tokens.count + 255) / 256).map { _ in try AlignedMemory(count: model.blockBytes) }
        var result: [[UInt32]] = []
        var start = 0
        for count in chunks {
            let span = BatchSpan(blocks: blocks, start: start, tokens: tokens[start..<start + count], logits: .all)
            try pass.run([span]) { (logits, rows) throws(RuntimeError) in result += Self.rows(logits, rows, model.vocabularySize) }
            start += count
        }
        return result
    }

    static func rows(_ logits: UnsafeMutablePointer<Float>, _ rows: Int, _ size: Int) -> [[UInt32]] {
        (0..<rows).map { row in (0..<size).map { logits[row * size + $0].bitPattern } }
    }

    @Test(arguments: [Precision.reference, .fast], InstructionSet.allCases)
    func aPromptMayBeCutAnywhere(_ precision: Precision, _ instructionSet: InstructionSet) throws {
        let files = try TinyModel()
        guard let model = try? LanguageModel(directory: files.directory, precision: precision, threads: 2, instructionSet: instructionSet) else {
            return  // a CPU without it
        }
        let tokens = TinyModel.tokens(300)
        let whole = try Self.logits(model, tokens, chunks: [300])
        #expect(try Self.logits(model, tokens, chunks: Array(repeating: 1, count: 300)) == whole)
        #expect(try Self.logits(model, tokens, chunks: [255, 1, 1, 43]) == whole)
        #expect(try Self.logits(model, tokens, chunks: [7, 9, 13, 100, 171]) == whole)
        let alone = try LanguageModel(directory: files.directory, precision: precision, threads: 1, instructionSet: instructionSet)
        #expect(try Self.logits(alone, tokens, chunks: [300]) == whole)
    }

    @Test func otherSequencesInTheBatchChangeNothing() throws {
        let files = try TinyModel()
        let model = try files.load()
        let pass = ForwardPass(model)
        let prompts = (1...5).map { TinyModel.tokens($0 * 37, seed: UInt64($0)) }
        let alone = try prompts.map { try Self.logits(model, $0, chunks: [$0.count]).last }
        let spans = try prompts.map { prompt in
            BatchSpan(blocks: [try AlignedMemory(count: model.blockBytes)], start: 0, tokens: prompt[...], logits: .last)
        }
        let together = try pass.run(spans) { (logits, rows) throws(RuntimeError) in Self.rows(logits, rows, model.vocabularySize) }
        #expect(together.count == prompts.count)
        #expect(together.map(Optional.some) == alone)
    }

    @Test func instructionSetsAgreeWithinRounding() throws {
        let files = try TinyModel()
        let tokens = TinyModel.tokens(40)
        let portable = try LanguageModel(directory: files.directory, precision: .reference, threads: 1, instructionSet: .portable)
        let expected = try Self.logits(portable, tokens, chunks: [40])
        for instructionSet in InstructionSet.allCases {
            guard let model = try? LanguageModel(directory: files.directory, precision: .reference, threads: 1, instructionSet: instructionSet) else {
                continue
            }
            let found = try Self.logits(model, tokens, chunks: [40])
            for (left, right) in zip(expected.joined(), found.joined()) {
                #expect(abs(Float(bitPattern: left) - Float(bitPattern: right)) < 1e-3)
            }
        }
    }

    @Test func blocksAreGivenBack() throws {
        let budget = KVBudget(blockBytes: 4096, limit: 4)
        var blocks = try (0..<3).map { _ in try KVBlock(budget: budget) }
        withExtendedLifetime(blocks) { #expect(budget.count == 3) }
        blocks.removeAll()
        #expect(budget.count == 0)
    }
}
