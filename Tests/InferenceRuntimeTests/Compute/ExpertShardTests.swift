import Testing

@testable import Checkpoint
@testable import InferenceRuntime

/// Where a weight lies, and whether experts are stacked or numbered, changes no bit of a logit.
struct ExpertShardTests {
    private static let tokens = ExpertCheckpoint.tokens(24)

    private func logits(_ directory: String, _ precision: Precision) throws -> [[UInt32]] {
        try ForwardPassTests.logits(LanguageModel(directory: directory, precision: precision, threads: 2), Self.tokens, chunks: [23, 1])
    }

    @Test(arguments: ExpertCheckpoint.Form.allCases, [2, 3])
    func shardsAreTheSingleFile(_ form: ExpertCheckpoint.Form, _ shards: Int) throws {
        let single = try ExpertCheckpoint(form)
        try single.write()
        let sharded = try ExpertCheckpoint(form)
        try sharded.write(shards: shards)
        let checkpoint = try Checkpoint(directory: sharded.directory)
        #expect(checkpoint.weightFiles.count == shards)
        #expect(try checkpoint.weightBytes == Checkpoint(directory: single.directory).weightBytes)
        for layer in checkpoint.weights.layers {
            guard case .experts(_, let experts) = layer.feedForward else {
                Issue.record("a layer without experts")
                continue
            }
            // No two tensors of a matrix are in one file, as far as there are files; nor all matrices of an expert.
            for expert in experts {
                for matrix in expert.matrices { #expect(Set(matrix.tensors.map(\.file)).count == min(matrix.tensors.count, shards)) }
            }
            #expect(Set(experts.flatMap { $0.matrices.flatMap(\.tensors) }.map(\.file)).count == shards)
        }
        for precision in Precision.allCases {
            #expect(try logits(sharded.directory, precision) == logits(single.directory, precision))
        }
    }

    @Test(arguments: Precision.allCases)
    func stackedExpertsAreTheNumberedOnes(_ precision: Precision) throws {
        let stacked = try ExpertCheckpoint(.stackedBF16)
        try stacked.write(shards: 2)
        let numbered = try ExpertCheckpoint(.numberedBF16)
        try numbered.write(shards: 3)
        #expect(try logits(numbered.directory, precision) == logits(stacked.directory, precision))
    }

    /// The packed file too: its matrices are those of the map, wherever they were read.
    @Test func aPackedFileOfShardsComesBack() throws {
        let files = try ExpertCheckpoint(.stacked4Bit)
        try files.write(shards: 3)
        let cache = try TemporaryDirectory.make()
        defer { TemporaryDirectory.remove(cache) }
        let checkpoint = try Checkpoint(directory: files.directory)
        let file = try #require(PackedFile(directory: cache + "/made", checkpoint: checkpoint, smallest: 0, partBytes: 10_000))
        func load() throws -> LanguageModel {
            try LanguageModel(checkpoint: checkpoint, precision: .fast, threads: 2, instructionSet: nil, packedFile: file) { _ in }
        }
        let fresh = try load()
        try file.write(fresh.weights)
        let again = try load()
        #expect(!fresh.isFromPackedFile && again.isFromPackedFile)
        #expect(try ForwardPassTests.logits(again, Self.tokens, chunks: [24]) == ForwardPassTests.logits(fresh, Self.tokens, chunks: [24]))
        // A change of one shard, not the first, is a change.
        let shard = files.directory + "/" + ExpertCheckpoint.shard(1, of: 3)
        var bytes = try TemporaryDirectory.read(shard)
        bytes[bytes.count - 1] ^= 1
        try TemporaryDirectory.write(bytes, to: shard)
        #expect(!file.isCurrent)
    }
}
