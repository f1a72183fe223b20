import Glibc
import JSON
import Testing

@testable import InferenceRuntime

private enum Recorded {
    static let folder = getenv("ANYCLAUDE_RUNTIME_ORACLE").map { String(cString: $0) }
}

/// Logits that `scripts/make_runtime_oracle.py` recorded of transformers and MLX, for every architecture and form of weights.
@Suite(.enabled(if: Recorded.folder != nil, "ANYCLAUDE_RUNTIME_ORACLE does not name a folder of make_runtime_oracle.py"))
struct ArchitectureOracleTests {
    @Test(arguments: GoldenLogitsTests.all.map(\.kind.name), InstructionSet.allCases)
    func logitsAreWithinOneThousandth(_ name: String, _ instructionSet: InstructionSet) throws {
        let folder = try #require(Recorded.folder)
        let oracle = try OracleTests.Oracle(folder, name)
        guard let model = try? LanguageModel(directory: folder + "/" + name, precision: .reference, instructionSet: instructionSet) else {
            try #require(instructionSet != .portable)
            return  // a CPU without it
        }
        for entry in oracle.cases {
            let tokens = try #require(entry.value["ids"]?.arrayValue).compactMap(\.intValue).map(Int32.init)
            let expected = try oracle.values(entry.key + ".logits")
            let found = try ForwardPassTests.logits(model, tokens, chunks: [tokens.count]).joined().map { Float(bitPattern: $0) }
            let worst = zip(found.suffix(expected.count), expected).map { ($0 - $1).magnitude }.max() ?? .infinity
            // Two roundings in each step where the CPU is not known to have one.
            let bound: Float = instructionSet == .portable ? 2e-3 : 1e-3
            #expect(found.count >= expected.count && worst < bound, "\(entry.key): \(worst)")
        }
    }
}
