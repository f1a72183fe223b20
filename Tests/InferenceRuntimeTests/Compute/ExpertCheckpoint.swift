@testable import InferenceRuntime

/// A small Qwen3-MoE checkpoint in a directory of its own, whose routers choose by clear margins.
///
/// A random router has near-ties: the least rounding then takes another expert, and nothing bounds how far the logits part. Here the
/// first dimensions of a token's embedding rank the experts in equal steps, routers read little else, and layers write little there.
final class ExpertCheckpoint {
    enum Form: CaseIterable {
        /// As MLX writes them: stacked experts of 4 bits, routers of 8.
        case stacked4Bit
        case stackedBF16
        /// As transformers writes them: a tensor for each matrix of each expert.
        case numberedBF16
    }

    struct Tensor {
        var name: String
        var type: String
        var shape: [Int]
        var bytes: [UInt8]
    }

    static let (vocabulary, hidden, heads, keyValueHeads, head) = (96, 128, 4, 2, 32)
    static let (experts, perToken, width, group) = (16, 4, 64, 64)

    let directory: String
    /// Members of config.json as they are written.
    var configuration: [String: String]
    var tensors: [Tensor] = []
    private let form: Form

    init(_ form: Form, layers: Int = 3) throws {
        directory = try TemporaryDirectory.make()
        self.form = form
        configuration = [
            "architectures": #"["Qwen3MoeForCausalLM"]"#, "model_type": #""qwen3_moe""#, "vocab_size": "\(Self.vocabulary)",
            "hidden_size": "\(Self.hidden)", "intermediate_size": "96", "num_hidden_layers": "\(layers)", "num_attention_heads": "\(Self.heads)",
            "num_key_value_heads": "\(Self.keyValueHeads)", "head_dim": "\(Self.head)", "rms_norm_eps": "1e-06", "rope_theta": "10000.0",
            "max_position_embeddings": "4096", "tie_word_embeddings": "false", "eos_token_id": "2", "num_experts": "\(Self.experts)",
            "num_experts_per_tok": "\(Self.perToken)", "moe_intermediate_size": "\(Self.width)", "norm_topk_prob": "true",
            "decoder_sparse_step": "1", "mlp_only_layers": "[]",
        ]
        if form == .stacked4Bit {
            let routers = (0..<layers).map { #", "model.layers.\#($0).mlp.gate": {"bits": 8, "group_size": \#(Self.group)}"# }
            configuration["quantization"] = #"{"bits": 4, "group_size": \#(Self.group), "mode": "affine"\#(routers.joined())}"#
        }
        addTensors(layers)
    }

    deinit { TemporaryDirectory.remove(directory) }

    /// So many tokens that look random and are always the same.
    static func tokens(_ count: Int) -> [Int32] { TinyModel.tokens(count).map { $0 % Int32(vocabulary) } }

    // MARK: Files

    func writeConfiguration() throws {
        let members = configuration.sorted { $0.key < $1.key }.map { "\"\($0.key)\": \($0.value)" }
        try TemporaryDirectory.write(Array("{\(members.joined(separator: ",\n"))}".utf8), to: directory + "/config.json")
    }

    /// One file; or so many shards and their index, each tensor in the shard behind that of the tensor before.
    func write(shards: Int = 1) throws {
        try writeConfiguration()
        guard shards > 1 else { return try TemporaryDirectory.write(Self.safetensors(tensors), to: directory + "/model.safetensors") }
        var parts = [[Tensor]](repeating: [], count: shards)
        for (index, tensor) in tensors.enumerated() { parts[index % shards].append(tensor) }
        for (index, part) in parts.enumerated() {
            try TemporaryDirectory.write(Self.safetensors(part), to: "\(directory)/\(Self.shard(index, of: shards))")
        }
        try writeIndex(shards: shards)
    }

    /// - Parameter moved: files that the index names for some tensors in place of those that hold them.
    func writeIndex(shards: Int, moved: [String: String] = [:]) throws {
        let map = tensors.enumerated().map { index, tensor in
            "\"\(tensor.name)\": \"\(moved[tensor.name] ?? Self.shard(index % shards, of: shards))\""
        }
        let index = #"{"metadata": {}, "weight_map": {\#(map.joined(separator: ", "))}}"#
        try TemporaryDirectory.write(Array(index.utf8), to: directory + "/model.safetensors.index.json")
    }

    static func shard(_ index: Int, of count: Int) -> String { "model-0000\(index + 1)-of-0000\(count).safetensors" }

    private static func safetensors(_ tensors: [Tensor]) -> [UInt8] {
        var header: [String] = []
        var data: [UInt8] = []
        for tensor in tensors {
            let begin = data.count
            data += tensor.bytes
            header.append(
                "\"\(tensor.name)\": {\"dtype\": \"\(tensor.type)\", \"shape\": \(tensor.shape), \"data_offsets\": [\(begin), \(data.count)]}")
        }
        let text = Array("{\(header.joined(separator: ", "))}".utf8)
        return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) } + text + data
    }

    // MARK: Tensors

    private func addTensors(_ layers: Int) {
        let (hidden, queries, keys) = (Self.hidden, Self.heads * Self.head, Self.keyValueHeads * Self.head)
        matrices("model.embed_tokens", Self.vocabulary, hidden, ExpertWeights.embedding())
        vector("model.norm.weight", hidden)
        matrix("lm_head", Self.vocabulary, hidden, gain: 2)
        for layer in 0..<layers {
            let name = "model.layers.\(layer)."
            vector(name + "input_layernorm.weight", hidden)
            vector(name + "post_attention_layernorm.weight", hidden, plain: Self.experts)
            matrix(name + "self_attn.q_proj", queries, hidden)
            matrix(name + "self_attn.k_proj", keys, hidden)
            matrix(name + "self_attn.v_proj", keys, hidden)
            matrices(name + "self_attn.o_proj", hidden, queries, ExpertWeights.quiet(name + "self_attn.o_proj", queries, gain: 1))
            vector(name + "self_attn.q_norm.weight", Self.head)
            vector(name + "self_attn.k_norm.weight", Self.head)
            matrices(name + "mlp.gate", Self.experts, hidden, ExpertWeights.router(name), bits: 8)
            addExperts(name + "mlp.")
        }
    }

    /// The same weights in every form.
    private func addExperts(_ name: String) {
        let (hidden, width) = (Self.hidden, Self.width)
        var all: [(projection: String, rows: Int, columns: Int, values: [[Float]])] = [
            ("gate_proj", width, hidden, []), ("up_proj", width, hidden, []), ("down_proj", hidden, width, []),
        ]
        for expert in 0..<Self.experts {
            let one = "\(name)experts.\(expert)."
            all[0].values.append(ExpertWeights.drawn(one + "gate_proj", width, hidden))
            all[1].values.append(ExpertWeights.drawn(one + "up_proj", width, hidden))
            all[2].values.append(ExpertWeights.quiet(one + "down_proj", width, gain: 2))
        }
        for part in all {
            guard form == .numberedBF16 else {
                matrices("\(name)switch_mlp.\(part.projection)", part.rows, part.columns, part.values.flatMap { $0 }, stack: [Self.experts])
                continue
            }
            for (expert, values) in part.values.enumerated() {
                matrices("\(name)experts.\(expert).\(part.projection)", part.rows, part.columns, values)
            }
        }
    }

    private func matrix(_ module: String, _ rows: Int, _ columns: Int, gain: Float = 1) {
        matrices(module, rows, columns, ExpertWeights.drawn(module, rows, columns, gain: gain))
    }

    private func matrices(_ module: String, _ rows: Int, _ columns: Int, _ values: [Float], stack: [Int] = [], bits: Int = 4) {
        guard form == .stacked4Bit else { return add(module + ".weight", "BF16", stack + [rows, columns], Self.bf16(values)) }
        let packed = AffineMatrix(values, bits: bits, group: Self.group)
        add(module + ".weight", "U32", stack + [rows, columns * bits / 32], packed.weight)
        add(module + ".scales", "BF16", stack + [rows, columns / Self.group], Self.bf16(packed.scales))
        add(module + ".biases", "BF16", stack + [rows, columns / Self.group], Self.bf16(packed.biases))
    }

    /// Around 1; the first `plain` are 1.
    private func vector(_ name: String, _ count: Int, plain: Int = 0) {
        let values = ExpertWeights.drawn(name, 1, count, gain: 0.1 * Float(count).squareRoot())
        add(name, "BF16", [count], Self.bf16(values.enumerated().map { $0.offset < plain ? 1 : 1 + $0.element }))
    }

    private func add(_ name: String, _ type: String, _ shape: [Int], _ bytes: [UInt8]) {
        tensors.append(Tensor(name: name, type: type, shape: shape, bytes: bytes))
    }

    private static func bf16(_ values: [Float]) -> [UInt8] {
        values.map { UInt16($0.bitPattern >> 16).littleEndian }.withUnsafeBytes { Array($0) }
    }
}
