import Testing

@testable import Checkpoint

/// What is wrong with a checkpoint is said with the file's name, and never costs more than the saying.
struct BadCheckpointTests {
    func error(_ builder: CheckpointBuilder) -> CheckpointError? {
        #expect(throws: CheckpointError.self) { try Checkpoint(directory: builder.directory) }
    }

    @Test func missingFiles() throws {
        let builder = try CheckpointBuilder()
        #expect(error(builder)?.message == "has no config.json")
        try builder.writeConfig()
        #expect(error(builder)?.message == "has neither model.safetensors nor model.safetensors.index.json")
        let missing = #expect(throws: CheckpointError.self) { try Checkpoint(directory: "/nowhere/at/all") }
        #expect(missing?.message == "no such directory")
        #expect(missing?.file == "/nowhere/at/all")
        let file = #expect(throws: CheckpointError.self) { try Checkpoint(directory: builder.directory + "/config.json") }
        #expect(file?.message == "is a file, not a model directory")
    }

    @Test(arguments: [
        ("architectures", #"["GemmaForCausalLM"]"#, "architecture `GemmaForCausalLM` is not supported"),
        ("hidden_size", "\"32\"", "`hidden_size` is a string, not an integer"),
        ("hidden_size", "0", "`hidden_size` 0 is outside 1 to 262144"),
        ("num_hidden_layers", "99999999999", "`num_hidden_layers` 99999999999 is outside 1 to 1024"),
        ("vocab_size", "null", "`vocab_size` is missing"),
        ("num_key_value_heads", "3", "`num_attention_heads` 4 is not a multiple of `num_key_value_heads` 3"),
        ("head_dim", "15", "`head_dim` 15 is odd"),
        ("hidden_act", "\"gelu\"", "`hidden_act` \"gelu\" is not supported"),
        ("rope_scaling", #"{"rope_type": "yarn", "factor": 4.0}"#, "`rope_scaling` of type \"yarn\" is not supported"),
        ("use_sliding_window", "true", "`use_sliding_window` is not supported"),
        ("attention_bias", "true", "`attention_bias` is not supported for this architecture"),
        ("mlp_bias", "true", "`mlp_bias` is not supported for this architecture"),
        ("rope_scaling", #"{"rope_type": "llama3"}"#, "`rope_scaling` of type \"llama3\" is not supported"),
        ("rope_scaling", "[]", "`rope_scaling` is a list, not a mapping"),
        ("architectures", #"["Qwen2ForCausalLM"]"#, "tensor `model.layers.0.self_attn.q_proj.bias` is missing"),
        ("architectures", #"["Qwen3MoeForCausalLM"]"#, "`num_experts` is missing"),
        ("eos_token_id", "50", "`eos_token_id` 50 is outside the vocabulary of 50"),
        ("eos_token_id", "[1, \"a\"]", "`eos_token_id` holds \"a\", not a token id"),
        ("rms_norm_eps", "-1", "`rms_norm_eps` must be positive"),
        ("quantization", #"{"bits": 3, "group_size": 64}"#, "`quantization.bits` 3 is not supported"),
        ("quantization", #"{"bits": 4, "group_size": 16}"#, "`quantization.group_size` 16 is not supported"),
        ("quantization", #"{"bits": 4, "group_size": 32, "mode": "mxfp4"}"#, "`quantization.mode` \"mxfp4\" is not supported"),
        ("quantization_config", #"{"quant_method": "gptq", "bits": 4}"#, "quantised by `gptq`, which is not supported"),
        ("intermediate_size", "65", "tensor `model.layers.0.mlp.gate_proj.weight` has the shape [64, 32], config.json needs [65, 32]"),
    ])
    func configuration(_ key: String, _ value: String, _ message: String) throws {
        let builder = try CheckpointBuilder()
        builder.config[key] = value
        try builder.writeAll()
        let error = error(builder)
        #expect(error?.message == message)
        #expect(error?.file.hasPrefix(builder.directory) == true)
    }

    @Test func configurationThatIsNotJSON() throws {
        let builder = try CheckpointBuilder()
        try builder.write("{\"a\": ", "config.json")
        #expect(error(builder)?.message.hasPrefix("is not JSON: 1:7:") == true)
        try builder.write("[]", "config.json")
        #expect(error(builder)?.message == "holds a list, not a mapping")
    }

    @Test(arguments: [
        (
            #"{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}, "b": {"dtype": "F32", "shape": [2], "data_offsets": [4, 12]}}"#, 12,
            "tensor `b` overlaps tensor `a`"
        ),
        (
            #"{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}, "b": {"dtype": "F32", "shape": [1], "data_offsets": [12, 16]}}"#, 16,
            "has 4 bytes between tensor `a` and tensor `b`"
        ),
        (#"{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}"#, 9, "has 1 bytes after tensor `a`"),
        (#"{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}"#, 7, "tensor `a` ends at byte 8 of the data, the file has 7"),
        (#"{"a": {"dtype": "F32", "shape": [3], "data_offsets": [0, 8]}}"#, 8, "tensor `a` has 8 bytes, its shape and dtype need 12"),
        (#"{"a": {"dtype": "Q4_K", "shape": [2], "data_offsets": [0, 8]}}"#, 8, "tensor `a` has the unknown dtype `Q4_K`"),
        (#"{"a": {"dtype": "F32", "shape": [-2], "data_offsets": [0, 8]}}"#, 8, "tensor `a` has the extent -2 in its shape"),
        (#"{"a": {"dtype": "F32", "shape": [2], "data_offsets": [8, 0]}}"#, 8, "tensor `a` has no valid data_offsets"),
        (#"{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0]}}"#, 8, "tensor `a` has no valid data_offsets"),
        (
            #"{"a": {"dtype": "F32", "shape": [4611686018427387904, 4611686018427387904], "data_offsets": [0, 8]}}"#, 8,
            "tensor `a` has a shape larger than any file"
        ),
        (#"{"a": 1}"#, 0, "tensor `a` has no dtype"),
        ("[]", 0, "has a header that is a list, not a mapping"),
        ("{", 0, "has a header that is not JSON"),
    ])
    func header(_ header: String, _ data: Int, _ message: String) throws {
        let builder = try CheckpointBuilder()
        try builder.writeConfig()
        try builder.write(CheckpointBuilder.safetensors(header, data: data), "model.safetensors")
        let error = error(builder)
        #expect(error?.message.hasPrefix(message) == true, "\(error?.message ?? "")")
        #expect(error?.file == builder.directory + "/model.safetensors")
    }

    @Test func everyTruncationIsAnError() throws {
        let builder = try CheckpointBuilder()
        try builder.writeAll()
        let whole = CheckpointBuilder.safetensors(builder.tensors)
        for length in Array(0..<64) + stride(from: 64, to: whole.count, by: 997) {
            try builder.write(Array(whole[..<length]), "model.safetensors")
            #expect(error(builder)?.file == builder.directory + "/model.safetensors")
        }
        let huge = withUnsafeBytes(of: UInt64.max) { Array($0) }
        try builder.write(huge + [1, 2, 3], "model.safetensors")
        #expect(error(builder)?.message == "claims a header of 18446744073709551615 bytes")
    }

    @Test func weightsOfTheWrongKind() throws {
        let builder = try CheckpointBuilder()
        builder.tensors[1].type = "I32"
        try builder.writeAll()
        #expect(error(builder)?.message == "tensor `model.norm.weight` is I32")
        builder.tensors.remove(at: 1)
        try builder.writeAll()
        #expect(error(builder)?.message == "tensor `model.norm.weight` is missing")
    }
}
