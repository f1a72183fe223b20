import Glibc

/// A model directory that a test writes, whole or broken, and that goes with it.
final class CheckpointBuilder {
    let directory: String
    var config = [
        "architectures": #"["Qwen3ForCausalLM"]"#, "model_type": #""qwen3""#, "head_dim": "16", "hidden_size": "32", "intermediate_size": "64",
        "max_position_embeddings": "1024", "num_attention_heads": "4", "num_hidden_layers": "1", "num_key_value_heads": "2",
        "rms_norm_eps": "1e-06", "rope_theta": "10000.0", "tie_word_embeddings": "true", "vocab_size": "50", "eos_token_id": "[2, 3]",
    ]
    /// Name, dtype, shape; bytes follow.
    var tensors: [(name: String, type: String, shape: [Int])] = []

    struct Failure: Error {}

    init() throws {
        var template = Array("/tmp/anyclaude-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Failure() }
        directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let layer = "model.layers.0."
        tensors = [
            ("model.embed_tokens.weight", "F32", [50, 32]), ("model.norm.weight", "F32", [32]),
            (layer + "input_layernorm.weight", "F32", [32]), (layer + "post_attention_layernorm.weight", "F32", [32]),
            (layer + "self_attn.q_proj.weight", "F32", [64, 32]), (layer + "self_attn.k_proj.weight", "F32", [32, 32]),
            (layer + "self_attn.v_proj.weight", "F32", [32, 32]), (layer + "self_attn.o_proj.weight", "F32", [32, 64]),
            (layer + "self_attn.q_norm.weight", "F32", [16]), (layer + "self_attn.k_norm.weight", "F32", [16]),
            (layer + "mlp.gate_proj.weight", "F32", [64, 32]), (layer + "mlp.up_proj.weight", "F32", [64, 32]),
            (layer + "mlp.down_proj.weight", "F32", [32, 64]),
        ]
    }

    deinit {
        guard let handle = opendir(directory) else { return }
        while let entry = readdir(handle) {
            unlink(directory + "/" + withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
        }
        closedir(handle)
        rmdir(directory)
    }

    func write(_ bytes: [UInt8], _ name: String) throws {
        guard let file = fopen(directory + "/" + name, "we") else { throw Failure() }
        defer { fclose(file) }
        guard fwrite(bytes, 1, bytes.count, file) == bytes.count else { throw Failure() }
    }

    func write(_ text: String, _ name: String) throws { try write(Array(text.utf8), name) }

    func writeConfig() throws {
        try write("{" + config.sorted { $0.key < $1.key }.map { "\"\($0.key)\": \($0.value)" }.joined(separator: ",\n") + "}", "config.json")
    }

    /// A safetensors file with this header and so many bytes of data.
    static func safetensors(_ header: String, data: Int) -> [UInt8] {
        let text = Array(header.utf8)
        return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) } + text + [UInt8](repeating: 0, count: data)
    }

    static func safetensors(_ tensors: [(name: String, type: String, shape: [Int])]) -> [UInt8] {
        var offset = 0
        var entries: [String] = []
        for tensor in tensors {
            let size = tensor.type == "BF16" || tensor.type == "F16" ? 2 : tensor.type == "I64" ? 8 : 4
            let end = offset + tensor.shape.reduce(size, *)
            entries.append("\"\(tensor.name)\": {\"dtype\": \"\(tensor.type)\", \"shape\": \(tensor.shape), \"data_offsets\": [\(offset), \(end)]}")
            offset = end
        }
        return safetensors("{" + entries.joined(separator: ", ") + "}", data: offset)
    }

    /// Writes config and weights as they stand.
    func writeAll() throws {
        try writeConfig()
        try write(Self.safetensors(tensors), "model.safetensors")
    }

    /// Replaces the tensors of one matrix by MLX's quantised ones.
    func quantise(_ module: String, rows: Int, columns: Int, bits: Int, group: Int, scales: String = "BF16") {
        tensors.removeAll { $0.name == module + ".weight" }
        tensors += [
            (module + ".weight", "U32", [rows, columns * bits / 32]), (module + ".scales", scales, [rows, columns / group]),
            (module + ".biases", scales, [rows, columns / group]),
        ]
    }
}
