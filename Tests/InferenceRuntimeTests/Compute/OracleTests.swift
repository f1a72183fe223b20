import Glibc
import JSON
import Testing

@testable import Checkpoint
@testable import InferenceRuntime

/// The folder of recorded results, where there is one.
private enum Recorded {
    static let folder = getenv("ANYCLAUDE_SHARED").map { String(cString: $0) + "/data/runtime-oracle" }
}

/// Logits of transformers (f32) and of MLX (4 bit), recorded.
@Suite(.enabled(if: Recorded.folder != nil, "ANYCLAUDE_SHARED does not name the folder of recorded results"))
struct OracleTests {
    struct Oracle {
        let cases: JSONObject
        let tensors: [String: TensorInfo]

        init(_ folder: String, _ name: String) throws {
            let json = try JSON(parsing: TemporaryDirectory.read(folder + "/logits_\(name).json"))
            cases = try #require(json["cases"]?.objectValue)
            let header = try SafetensorsHeader(file: folder + "/logits_\(name).safetensors")
            tensors = Dictionary(uniqueKeysWithValues: header.tensors.map { ($0.name, $0) })
        }

        func values(_ name: String) throws -> [Float] {
            let tensor = try #require(tensors[name])
            let bytes = try InputFile(tensor.file).read(count: tensor.range.count, at: tensor.range.lowerBound)
            return bytes.withUnsafeBytes { buffer in
                (0..<tensor.shape.reduce(1, *)).map { Float(bitPattern: buffer.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self)) }
            }
        }
    }

    @Test(arguments: ["tiny-qwen3", "tiny-qwen3-mlx-4bit"], InstructionSet.allCases)
    func logitsAreWithinOneThousandth(_ name: String, _ instructionSet: InstructionSet) throws {
        let folder = try #require(Recorded.folder)
        let oracle = try Oracle(folder, name)
        guard let model = try? LanguageModel(directory: folder + "/" + name, precision: .reference, instructionSet: instructionSet) else {
            return  // a CPU without it
        }
        for entry in oracle.cases {
            let tokens = try #require(entry.value["ids"]?.arrayValue).compactMap(\.intValue).map(Int32.init)
            let expected = try oracle.values(entry.key + ".logits")
            let found = try ForwardPassTests.logits(model, tokens, chunks: [tokens.count]).joined().map { Float(bitPattern: $0) }
            // Of longer prompts the last positions are recorded.
            let last = found.suffix(expected.count)
            try #require(last.count == expected.count)
            let worst = zip(last, expected).map { abs($0 - $1) }.max() ?? .infinity
            #expect(worst < 1e-3, "\(entry.key): \(worst)")
        }
    }

    /// How far the fast arithmetic is from the reference, over every position of the oracle's prompts.
    @Test(arguments: ["tiny-qwen3", "tiny-qwen3-mlx-4bit"], InstructionSet.allCases)
    func theFastArithmeticIsCloseToTheReference(_ name: String, _ instructionSet: InstructionSet) throws {
        let folder = try #require(Recorded.folder)
        let oracle = try Oracle(folder, name)
        guard let fast = try? LanguageModel(directory: folder + "/" + name, instructionSet: instructionSet) else { return }
        let reference = try LanguageModel(directory: folder + "/" + name, precision: .reference)
        var bounds = FastBounds()
        for entry in oracle.cases {
            let tokens = try #require(entry.value["ids"]?.arrayValue).compactMap(\.intValue).map(Int32.init)
            try bounds.add(
                reference: ForwardPassTests.logits(reference, tokens, chunks: [tokens.count]),
                fast: ForwardPassTests.logits(fast, tokens, chunks: [tokens.count]))
        }
        bounds.expectKept("\(name) \(instructionSet)")
    }

    @Test(arguments: ["tiny-qwen3", "tiny-qwen3-mlx-4bit"], [Precision.reference, .fast])
    func greedyTokensAgreeWhereTheMarginIsClear(_ name: String, _ precision: Precision) async throws {
        let folder = try #require(Recorded.folder)
        let oracle = try Oracle(folder, name)
        let engine = try Engine(model: try LanguageModel(directory: folder + "/" + name, precision: precision))
        // Keys and values in bf16 move a logit by some hundredths.
        let clear = precision == .reference ? 1e-2 : 1e-1
        for entry in oracle.cases {
            let tokens = try #require(entry.value["ids"]?.arrayValue).compactMap(\.intValue).map(Int32.init)
            let greedy = try #require((entry.value["greedy32"] ?? entry.value["greedy16"])?.arrayValue).compactMap(\.intValue)
            let margins = try #require(entry.value["greedy_margins"]?.arrayValue).compactMap(\.doubleValue)
            let found = try await engine.run(GenerationRequest(prompt: tokens, maxTokens: greedy.count)).tokens.map(Int.init)
            // After the first unclear choice the texts may part.
            let sure = margins.prefix { $0 > clear }.count
            #expect(found.prefix(sure).elementsEqual(greedy.prefix(sure)), "\(entry.key)")
            if precision == .reference { #expect(sure > 0) }
        }
        await engine.shutdown()
    }
}
