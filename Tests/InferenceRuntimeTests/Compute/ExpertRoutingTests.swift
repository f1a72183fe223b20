import CKernels
import Testing

@testable import InferenceRuntime

/// The fast arithmetic of layers with experts, where a rounding cannot change which experts are taken.
struct ExpertRoutingTests {
    /// Those that this CPU has.
    static let instructionSets = InstructionSet.allCases.filter { $0.rawValue <= ck_level_detected() }
    private static let tokens = ExpertCheckpoint.tokens(64)
    /// Some rows together, and alone: one row goes another way through the experts.
    private static let chunks = [60, 1, 1, 1, 1]

    @Test(arguments: ExpertCheckpoint.Form.allCases, instructionSets)
    func theFastArithmeticIsCloseToTheReference(_ form: ExpertCheckpoint.Form, _ instructionSet: InstructionSet) throws {
        let files = try ExpertCheckpoint(form)
        try files.write()
        try expectClearMargins(files, instructionSet)
        let expected = try ForwardPassTests.logits(Self.load(files, .reference), Self.tokens, chunks: Self.chunks)
        let found = try ForwardPassTests.logits(Self.load(files, .fast, instructionSet), Self.tokens, chunks: Self.chunks)
        #expect(found != expected, "nothing was rounded, so nothing was compared")
        var bounds = FastBounds()
        try bounds.add(reference: expected, fast: found)
        bounds.expectKept("\(form) \(instructionSet)")
    }

    /// One expert in another's place is beyond every bound, or they would show nothing about experts.
    @Test func anExpertInAnothersPlaceBreaksTheBounds() throws {
        let files = try ExpertCheckpoint(.numberedBF16)
        try files.write()
        let expected = try ForwardPassTests.logits(Self.load(files, .reference), Self.tokens, chunks: Self.chunks)
        let first = try #require(files.tensors.firstIndex { $0.name == "model.layers.1.mlp.experts.3.down_proj.weight" })
        let second = try #require(files.tensors.firstIndex { $0.name == "model.layers.1.mlp.experts.4.down_proj.weight" })
        let bytes = files.tensors[first].bytes
        files.tensors[first].bytes = files.tensors[second].bytes
        files.tensors[second].bytes = bytes
        try files.write()
        var bounds = FastBounds()
        try bounds.add(reference: expected, fast: ForwardPassTests.logits(Self.load(files, .reference), Self.tokens, chunks: Self.chunks))
        #expect(bounds.meanDivergence > FastBounds.mostDivergence)
        #expect(bounds.worstError > FastBounds.mostError)
    }

    /// In every layer: between the last expert that is taken and the first that is not lies far more than what roundings move.
    private func expectClearMargins(_ files: ExpertCheckpoint, _ instructionSet: InstructionSet) throws {
        let whole = files.configuration["num_hidden_layers"]
        for layers in 1...3 {
            // A model that ends here: the router that was asked last is this layer's.
            files.configuration["num_hidden_layers"] = "\(layers)"
            try files.writeConfiguration()
            let expected = try Self.routing(Self.load(files, .reference))
            let found = try Self.routing(Self.load(files, .fast, instructionSet))
            let margins = expected.map { $0.sorted(by: >) }.map { $0[ExpertCheckpoint.perToken - 1] - $0[ExpertCheckpoint.perToken] }
            let moved = zip(expected.joined(), found.joined()).map { ($0 - $1).magnitude }.max() ?? .infinity
            let margin = try #require(margins.min())
            #expect(margin > 0.2 && margin > 4 * moved, "layer \(layers): margin \(margin), moved by \(moved)")
            let taken = expected.map(Self.taken)
            #expect(taken == found.map(Self.taken))
            #expect(Set(taken.joined()).count == ExpertCheckpoint.experts, "some expert is never taken")
        }
        files.configuration["num_hidden_layers"] = whole
        try files.writeConfiguration()
    }

    /// Experts, the best first.
    private static func taken(_ logits: [Float]) -> [Int] {
        Array(logits.indices.sorted { logits[$0] > logits[$1] }.prefix(ExpertCheckpoint.perToken))
    }

    /// Logits of the last layer's router at every position.
    private static func routing(_ model: LanguageModel) throws -> [[Float]] {
        let pass = ForwardPass(model)
        let span = BatchSpan(blocks: [try AlignedMemory(count: model.blockBytes)], start: 0, tokens: tokens[...], logits: .none)
        try pass.run([span]) { (_, _) throws(RuntimeError) in }
        let logits = try #require(pass.routerLogits)
        return (0..<tokens.count).map { row in (0..<ExpertCheckpoint.experts).map { logits[row * ExpertCheckpoint.experts + $0] } }
    }

    private static func load(
        _ files: ExpertCheckpoint, _ precision: Precision, _ instructionSet: InstructionSet? = nil
    ) throws -> LanguageModel {
        try LanguageModel(directory: files.directory, precision: precision, threads: 2, instructionSet: instructionSet)
    }
}
