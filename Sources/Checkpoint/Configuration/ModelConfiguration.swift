/// The shape of a decoder-only transformer, as `config.json` states it. Counts are positive and consistent with each other.
public struct ModelConfiguration: Sendable, Equatable {
    public var architecture: Architecture
    public var layers: Int
    public var hiddenSize: Int
    /// Width of a dense feed-forward layer.
    public var intermediateSize: Int
    /// Nil where every layer is dense.
    public var experts: Experts?
    public var attentionHeads: Int
    /// Divides `attentionHeads`.
    public var keyValueHeads: Int
    /// Even. Not always `hiddenSize / attentionHeads`.
    public var headSize: Int
    public var vocabularySize: Int
    /// Positions that the model was trained for.
    public var maxPositions: Int
    public var ropeTheta: Double
    /// Nil where the frequencies are those of `ropeTheta` alone.
    public var ropeScaling: RopeScaling?
    public var normEpsilon: Float
    /// The output matrix is the embedding.
    public var tiesEmbedding: Bool
    public var quantization: Quantization?
    /// Tokens that end an answer, of `config.json` and `generation_config.json`.
    public var endTokens: [Int32]
    public var beginToken: Int32?

    /// What the runtime can compute; any other is refused by name.
    public enum Architecture: String, Sendable, CaseIterable {
        case qwen2 = "Qwen2ForCausalLM"
        case qwen3 = "Qwen3ForCausalLM"
        case qwen3Experts = "Qwen3MoeForCausalLM"
        case llama = "LlamaForCausalLM"
    }

    public var hasDenseLayers: Bool { experts.map { experts in (0..<layers).contains { !experts.areIn(layer: $0) } } ?? true }
    /// Queries and keys are normalised by head.
    public var normalisesHeads: Bool { architecture == .qwen3 || architecture == .qwen3Experts }
    /// Queries, keys and values have a bias; the attention's output has none.
    public var hasAttentionBias: Bool { architecture == .qwen2 }

    /// Columns of the query projection's output.
    public var querySize: Int { attentionHeads * headSize }
    /// Columns of the key (or value) projection's output.
    public var keyValueSize: Int { keyValueHeads * headSize }
}

/// MLX affine quantisation: `w = q * scale + bias` by groups along the input dimension.
public struct Quantization: Sendable, Equatable {
    public var base: Scheme
    /// By the name of the module (`model.layers.0.mlp.gate`); nil where that module is not quantised.
    public var overrides: [String: Scheme?]

    public struct Scheme: Sendable, Equatable {
        /// 4 or 8.
        public var bits: Int
        /// 32, 64 or 128.
        public var groupSize: Int

        public init(bits: Int, groupSize: Int) {
            self.bits = bits
            self.groupSize = groupSize
        }
    }

    public func scheme(of module: String) -> Scheme? { overrides[module] ?? base }
}
