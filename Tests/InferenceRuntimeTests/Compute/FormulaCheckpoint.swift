import Glibc
import Testing

@testable import Checkpoint
@testable import InferenceRuntime

/// A small checkpoint of some architecture whose weights come from a formula, in a directory of its own. `scripts/make_runtime_oracle.py`
/// writes the same ones, to the byte, and asks transformers and MLX for their logits.
final class FormulaCheckpoint {
    struct Kind: Sendable, CustomTestStringConvertible {
        var name: String
        var architecture: String
        /// Of tensors that are not quantised.
        var type = DataType.f32
        var isTied = false
        var headSize: Int?
        var hiddenSize = 64
        var intermediateSize = 96
        var experts: Experts?
        var quantization: Quantization.Scheme?
        /// More members of config.json, each with a comma behind it.
        var more = ""

        var testDescription: String { name }

        static let vocabulary = 96
        static let (heads, groups, layers) = (4, 2, 3)
    }

    let directory: String
    private let kind: Kind
    private var header: [String] = []
    private var data: [UInt8] = []

    init(_ kind: Kind) throws {
        directory = try TemporaryDirectory.make()
        self.kind = kind
        addTensors()
        let text = Array("{\(header.joined(separator: ", "))}".utf8)
        let length = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) }
        try TemporaryDirectory.write(length + text + data, to: directory + "/model.safetensors")
        try TemporaryDirectory.write(Array(configuration.utf8), to: directory + "/config.json")
    }

    deinit { TemporaryDirectory.remove(directory) }

    /// The same for every kind: so many tokens that go through the vocabulary in steps.
    static func prompt(_ count: Int) -> [Int32] { (0..<count).map { Int32(($0 * 37 + 11) % Kind.vocabulary) } }

    // MARK: config.json

    private var configuration: String {
        var members = """
            {"architectures": ["\(kind.architecture)"], "hidden_act": "silu", "rms_norm_eps": 1e-06, "max_position_embeddings": 4096,
             "eos_token_id": 2, "bos_token_id": 1, "vocab_size": \(Kind.vocabulary), "hidden_size": \(kind.hiddenSize),
             "intermediate_size": \(kind.intermediateSize), "num_attention_heads": \(Kind.heads), "num_key_value_heads": \(Kind.groups),
             "num_hidden_layers": \(Kind.layers), \(kind.more) "tie_word_embeddings": \(kind.isTied)
            """
        if let head = kind.headSize { members += ", \"head_dim\": \(head)" }
        if let experts = kind.experts {
            members += """
                , "num_experts": \(experts.count), "num_experts_per_tok": \(experts.perToken), "norm_topk_prob": \(experts.normalisesWeights),
                 "moe_intermediate_size": \(experts.intermediateSize), "decoder_sparse_step": \(experts.step),
                 "mlp_only_layers": \(experts.denseLayers.sorted())
                """
        }
        if let scheme = kind.quantization {
            let routers = kind.experts == nil ? [] : (0..<Kind.layers).map { Self.router($0) }
            let own = routers.map { ", \"\($0)\": {\"bits\": 8, \"group_size\": \(scheme.groupSize)}" }.joined()
            members += ", \"quantization\": {\"bits\": \(scheme.bits), \"group_size\": \(scheme.groupSize)\(own)}"
        }
        return members + "}"
    }

    // MARK: Tensors

    private static func router(_ layer: Int) -> String { "model.layers.\(layer).mlp.gate" }

    private func addTensors() {
        let hidden = kind.hiddenSize
        let head = kind.headSize ?? hidden / Kind.heads
        matrix("model.embed_tokens", [Kind.vocabulary, hidden])
        vector("model.norm.weight", hidden)
        if !kind.isTied { matrix("lm_head", [Kind.vocabulary, hidden]) }
        for layer in 0..<Kind.layers {
            let name = "model.layers.\(layer)."
            vector(name + "input_layernorm.weight", hidden)
            vector(name + "post_attention_layernorm.weight", hidden)
            for (projection, rows) in [("q", Kind.heads * head), ("k", Kind.groups * head), ("v", Kind.groups * head)] {
                matrix("\(name)self_attn.\(projection)_proj", [rows, hidden])
                if kind.architecture.hasPrefix("Qwen2") { vector("\(name)self_attn.\(projection)_proj.bias", rows) }
            }
            matrix(name + "self_attn.o_proj", [hidden, Kind.heads * head])
            if kind.architecture.hasPrefix("Qwen3") {
                vector(name + "self_attn.q_norm.weight", head)
                vector(name + "self_attn.k_norm.weight", head)
            }
            addFeedForward(name + "mlp.", layer)
        }
    }

    private func addFeedForward(_ name: String, _ layer: Int) {
        guard let experts = kind.experts, experts.areIn(layer: layer) else { return gated(name, kind.intermediateSize) }
        matrix(Self.router(layer), [experts.count, kind.hiddenSize], kind.quantization.map { Quantization.Scheme(bits: 8, groupSize: $0.groupSize) })
        guard kind.quantization == nil else { return gated(name + "switch_mlp.", experts.intermediateSize, [experts.count]) }
        for expert in 0..<experts.count { gated("\(name)experts.\(expert).", experts.intermediateSize) }
    }

    private func gated(_ name: String, _ width: Int, _ stack: [Int] = []) {
        matrix(name + "gate_proj", stack + [width, kind.hiddenSize])
        matrix(name + "up_proj", stack + [width, kind.hiddenSize])
        matrix(name + "down_proj", stack + [kind.hiddenSize, width])
    }

    private func matrix(_ module: String, _ shape: [Int]) { matrix(module, shape, kind.quantization) }

    private func matrix(_ module: String, _ shape: [Int], _ scheme: Quantization.Scheme?) {
        let (rows, columns) = (Array(shape.dropLast()), shape.last ?? 0)
        guard let scheme else { return floats(module + ".weight", shape) { Float($0 >> 24) / 512 - 0.25 } }
        add(module + ".weight", "U32", rows + [columns * scheme.bits / 32]) { word in withUnsafeBytes(of: word.littleEndian) { Array($0) } }
        let unit: Float = scheme.bits == 4 ? 256 : 4096
        let middle = Float(1 << (scheme.bits - 1))
        let shape = rows + [columns / scheme.groupSize]
        floats(module + ".scales", shape) { Float(($0 & 7) + 1) / unit }
        floats(module + ".biases", shape, drawnFor: module + ".scales") { -Float(($0 & 7) + 1) / unit * middle }
    }

    private func vector(_ name: String, _ count: Int) {
        let isNorm = name.hasSuffix("norm.weight")
        floats(name, [count]) { isNorm ? Float(96 + ($0 >> 26)) / 128 : Float($0 >> 24) / 512 - 0.25 }
    }

    /// All values have eight bits, so that bf16 and f16 hold them too.
    private func floats(_ name: String, _ shape: [Int], drawnFor drawn: String? = nil, _ value: (UInt32) -> Float) {
        add(name, kind.type.rawValue, shape, drawnFor: drawn) { word in
            let value = value(word)
            switch kind.type {
            case .f16: return withUnsafeBytes(of: Float16(value).bitPattern.littleEndian) { Array($0) }
            case .bf16: return withUnsafeBytes(of: UInt16(value.bitPattern >> 16).littleEndian) { Array($0) }
            default: return withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) }
            }
        }
    }

    private func add(_ name: String, _ type: String, _ shape: [Int], drawnFor drawn: String? = nil, _ bytes: (UInt32) -> [UInt8]) {
        let begin = data.count
        let seed = (drawn ?? name).utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
        for index in 0..<UInt32(shape.reduce(1, *)) { data += bytes(Self.mixed(seed &+ index &* 0x9E37_79B9)) }
        header.append("\"\(name)\": {\"dtype\": \"\(type)\", \"shape\": \(shape), \"data_offsets\": [\(begin), \(data.count)]}")
    }

    private static func mixed(_ word: UInt32) -> UInt32 {
        var h = word
        h ^= h >> 16
        h &*= 0x85EB_CA6B
        h ^= h >> 13
        h &*= 0xC2B2_AE35
        h ^= h >> 16
        return h
    }
}
