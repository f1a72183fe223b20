import Testing

@testable import Checkpoint

struct CheckpointTests {
    @Test func aGoodCheckpointIsRead() throws {
        let builder = try CheckpointBuilder()
        try builder.write(#"{"eos_token_id": [3, 7]}"#, "generation_config.json")
        try builder.write("{}", "tokenizer.json")
        try builder.writeAll()
        let checkpoint = try Checkpoint(directory: builder.directory + "/")
        #expect(checkpoint.directory == builder.directory)
        #expect(checkpoint.configuration.endTokens == [2, 3, 7])
        #expect(checkpoint.configuration.headSize == 16)
        #expect(checkpoint.weights.output == nil)
        #expect(checkpoint.weights.layers.count == 1)
        #expect(checkpoint.files.tokenizer == builder.directory + "/tokenizer.json")
        #expect(checkpoint.files.chatTemplate == nil)
        #expect(checkpoint.weightBytes == 4 * (50 * 32 + 32 * 3 + 16 * 2 + 64 * 32 * 5 + 32 * 32 * 2))
        #expect(checkpoint.kvBytesPerToken() == 2 * 32 * 2)
        #expect(checkpoint.memoryEstimate(contextTokens: .max, slots: .max).total > 1 << 60)
        let estimate = checkpoint.memoryEstimate(contextTokens: 257, slots: 2)
        #expect(estimate.keysAndValues == 2 * 512 * 128)
        #expect(estimate.total == estimate.weights + estimate.keysAndValues + estimate.overhead)
    }

    @Test func theEstimateCountsTheRowsOfProposedTokens() throws {
        let builder = try CheckpointBuilder()
        try builder.writeAll()
        let it = try Checkpoint(directory: builder.directory).configuration
        #expect(AnswerRows.most(batch: 1) == 8 && AnswerRows.most(batch: 2) == 16 && AnswerRows.most(batch: 8) == 16)
        #expect(AnswerRows.most(batch: 40) == 40 && AnswerRows.most(batch: 3, proposed: 0) == 3 && AnswerRows.most(batch: 3, streams: 0) == 3)
        #expect(AnswerRows.most(batch: 4, proposed: 2, streams: 9) == 12 && AnswerRows.most(batch: .max, proposed: .max, streams: .max) > 1 << 59)
        // Of one more row: its logits, and its activations as the kernels take them.
        let row = it.overheadBytes(batch: 2, proposed: 0) - it.overheadBytes(batch: 1, proposed: 0)
        #expect(row > 4 * it.vocabularySize)
        #expect(it.overheadBytes(batch: 1) - it.overheadBytes(batch: 1, proposed: 0) == 7 * row)
        #expect(it.overheadBytes(batch: 8) - it.overheadBytes(batch: 8, proposed: 0) == 8 * row)
    }

    @Test func theFingerprintTellsShapesAndConfigurationsApart() throws {
        let builder = try CheckpointBuilder()
        try builder.writeAll()
        let first = try Checkpoint(directory: builder.directory).fingerprint
        #expect(first.utf8.count == 64)
        #expect(try Checkpoint(directory: builder.directory).fingerprint == first)
        builder.config["rope_theta"] = "20000.0"
        try builder.writeConfig()
        #expect(try Checkpoint(directory: builder.directory).fingerprint != first)
    }

    @Test func shardsAreFollowed() throws {
        let builder = try CheckpointBuilder()
        try builder.writeConfig()
        let half = builder.tensors.count / 2
        try builder.write(CheckpointBuilder.safetensors(Array(builder.tensors[..<half])), "a.safetensors")
        try builder.write(CheckpointBuilder.safetensors(Array(builder.tensors[half...])), "b.safetensors")
        func map(_ change: (Int, String) -> String = { $1 }) -> String {
            let entries = builder.tensors.enumerated().map { index, tensor in
                "\"\(tensor.name)\": \"\(change(index, index < half ? "a.safetensors" : "b.safetensors"))\""
            }
            return "{\"weight_map\": {\(entries.joined(separator: ", "))}}"
        }
        try builder.write(map(), "model.safetensors.index.json")
        #expect(try Checkpoint(directory: builder.directory).weightFiles.count == 2)
        for (name, message) in [
            ("../a.safetensors", "maps tensor `model.embed_tokens.weight` to \"../a.safetensors\", not to a file beside it"),
            ("c.safetensors", "names the shard `c.safetensors`, which does not exist"),
            ("b.safetensors", "maps tensor `model.embed_tokens.weight` to `b.safetensors`, which does not hold it"),
        ] {
            try builder.write(map { $0 == 0 ? name : $1 }, "model.safetensors.index.json")
            let error = #expect(throws: CheckpointError.self) { try Checkpoint(directory: builder.directory) }
            #expect(error?.message == message)
            #expect(error?.file == builder.directory + "/model.safetensors.index.json")
        }
    }

    @Test func quantisedMatricesFollowTheirOwnScheme() throws {
        let builder = try CheckpointBuilder()
        builder.config["quantization"] =
            #"{"bits": 4, "group_size": 32, "mode": "affine", "model.layers.0.mlp.gate_proj": {"bits": 8, "group_size": 32}, "model.x": false}"#
        builder.quantise("model.embed_tokens", rows: 50, columns: 32, bits: 4, group: 32)
        builder.quantise("model.layers.0.mlp.gate_proj", rows: 64, columns: 32, bits: 8, group: 32)
        try builder.writeAll()
        let checkpoint = try Checkpoint(directory: builder.directory)
        guard case .dense(let feedForward) = checkpoint.weights.layers[0].feedForward, case .affine(_, _, _, let scheme) = feedForward.gate.source
        else {
            Issue.record("not quantised")
            return
        }
        #expect(scheme == Quantization.Scheme(bits: 8, groupSize: 32))
        #expect(checkpoint.configuration.quantization?.scheme(of: "model.x") == nil)
        #expect(checkpoint.configuration.quantization?.scheme(of: "model.y")?.bits == 4)
        builder.config["quantization"] = nil
        try builder.writeConfig()
        let error = #expect(throws: CheckpointError.self) { try Checkpoint(directory: builder.directory) }
        #expect(error?.message == "tensor `model.embed_tokens.scales` is there, but config.json does not say how it is quantised")
    }
}
