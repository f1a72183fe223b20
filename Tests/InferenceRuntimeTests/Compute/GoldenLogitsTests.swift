import Testing

@testable import Checkpoint
@testable import InferenceRuntime

/// Every architecture against transformers (in f32) and MLX (quantised weights, its arithmetic in f32), by a few recorded numbers.
struct GoldenLogitsTests {
    /// The first logits of the last of 40 positions, as `scripts/make_runtime_oracle.py --golden` prints them.
    struct Golden: Sendable, CustomTestStringConvertible {
        var kind: FormulaCheckpoint.Kind
        var logits: [Float]
        var testDescription: String { kind.name }
    }

    private static let (qwen2, qwen3, qwen3Experts, llama) = (
        "Qwen2ForCausalLM", "Qwen3ForCausalLM", "Qwen3MoeForCausalLM", "LlamaForCausalLM"
    )
    private static let experts = Experts(count: 8, perToken: 3, intermediateSize: 64, normalisesWeights: true, step: 1, denseLayers: [1])

    static let all: [Golden] = [
        Golden(
            kind: .init(name: "qwen2", architecture: qwen2, isTied: true), logits: [-1.76661, 2.51283, -0.34936, 0.27415, -1.00461, 0.58834]),
        Golden(
            kind: .init(name: "qwen2-bf16", architecture: qwen2, type: .bf16), logits: [-0.85658, 0.05876, -0.29113, 0.77790, 0.76875, 1.34850]),
        Golden(kind: .init(name: "llama", architecture: llama, type: .f16), logits: [-1.09903, 0.50715, -0.35740, 0.53509, 0.83120, 1.03718]),
        Golden(
            // The prompt is longer than the original window.
            kind: .init(
                name: "llama3-scaled", architecture: llama, isTied: true, headSize: 32,
                more: """
                    "rope_theta": 500000.0, "rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
                    "high_freq_factor": 4.0, "original_max_position_embeddings": 16},
                    """), logits: [0.67591, 2.54838, 0.05439, 1.19792, 0.12357, -1.89845]),
        Golden(
            kind: .init(name: "qwen3-moe", architecture: qwen3Experts, headSize: 32, experts: experts),
            logits: [-0.44386, -0.00302, 0.02175, -0.11635, 0.10469, 1.44122]),
        Golden(
            kind: .init(
                name: "qwen3-moe-plain-weights", architecture: qwen3Experts, isTied: true, headSize: 32,
                experts: Experts(count: 8, perToken: 3, intermediateSize: 64, normalisesWeights: false, step: 2, denseLayers: [])),
            logits: [-1.26935, 1.01114, 0.75430, 0.99657, 0.84991, -0.17442]),
        Golden(kind: quantisedExperts, logits: [0.52522, -0.00573, -0.88398, 0.01403, -0.46040, -0.22826]),
        Golden(
            kind: .init(
                name: "qwen3-8bit-g32", architecture: qwen3, type: .bf16, isTied: true, headSize: 32,
                quantization: Quantization.Scheme(bits: 8, groupSize: 32)),
            logits: [-0.49636, 1.38305, 1.14561, -1.08256, -0.70256, -0.76052]),
        Golden(
            kind: .init(
                name: "qwen2-4bit-g128", architecture: qwen2, type: .f16, hiddenSize: 128, intermediateSize: 256,
                quantization: Quantization.Scheme(bits: 4, groupSize: 128)),
            logits: [-0.37327, 0.06889, -0.00435, 1.04310, 1.12229, 0.46209]),
    ]

    /// MLX's layout: stacked, with a router of 8 bits.
    static let quantisedExperts = FormulaCheckpoint.Kind(
        name: "qwen3-moe-4bit", architecture: qwen3Experts, type: .bf16, headSize: 32,
        experts: Experts(count: 8, perToken: 3, intermediateSize: 64, normalisesWeights: true, step: 1, denseLayers: []),
        quantization: Quantization.Scheme(bits: 4, groupSize: 64))

    @Test(arguments: all, InstructionSet.allCases)
    func logitsAreThoseOfTheReference(_ golden: Golden, _ instructionSet: InstructionSet) throws {
        let files = try FormulaCheckpoint(golden.kind)
        guard let model = try? LanguageModel(directory: files.directory, precision: .reference, threads: 1, instructionSet: instructionSet) else {
            try #require(instructionSet != .portable)
            return  // a CPU without it
        }
        let logits = try ForwardPassTests.logits(model, FormulaCheckpoint.prompt(40), chunks: [40])
        let last = try #require(logits.last).prefix(golden.logits.count).map { Float(bitPattern: $0) }
        let worst = zip(last, golden.logits).map { ($0 - $1).magnitude }.max() ?? .infinity
        #expect(worst < 1e-3, "\(last)")
    }

    /// As for dense layers: neither the cuts of a prompt, nor threads, nor what else is in the batch.
    @Test(arguments: all, [Precision.reference, .fast])
    func aRowDependsOnItsOwnSequenceOnly(_ golden: Golden, _ precision: Precision) throws {
        let files = try FormulaCheckpoint(golden.kind)
        for instructionSet in InstructionSet.allCases {
            guard let model = try? LanguageModel(directory: files.directory, precision: precision, threads: 2, instructionSet: instructionSet) else {
                continue
            }
            let tokens = FormulaCheckpoint.prompt(80)
            let whole = try ForwardPassTests.logits(model, tokens, chunks: [80])
            #expect(try ForwardPassTests.logits(model, tokens, chunks: Array(repeating: 1, count: 80)) == whole)
            #expect(try ForwardPassTests.logits(model, tokens, chunks: [3, 2, 64, 11]) == whole)
            let alone = try LanguageModel(directory: files.directory, precision: precision, threads: 1, instructionSet: instructionSet)
            #expect(try ForwardPassTests.logits(alone, tokens, chunks: [80]) == whole)
            let spans = try [80, 5, 33].map { count in
                BatchSpan(blocks: [try AlignedMemory(count: model.blockBytes)], start: 0, tokens: tokens[..<count], logits: .last)
            }
            let together = try ForwardPass(model).run(spans) { (logits, rows) throws(RuntimeError) in
                ForwardPassTests.rows(logits, rows, model.vocabularySize)
            }
            #expect(together == [whole[79], whole[4], whole[32]])
        }
    }
}
