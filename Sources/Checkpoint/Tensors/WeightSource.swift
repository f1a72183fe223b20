/// The tensors that make up one matrix of the model.
public enum WeightSource: Sendable, Equatable {
    /// `[rows, columns]` of f32, bf16 or f16.
    case dense(TensorInfo)
    /// MLX affine: `weight` U32 `[rows, columns * bits / 32]`, lowest bits first; `scales` and `biases` `[rows, columns / group]`.
    case affine(weight: TensorInfo, scales: TensorInfo, biases: TensorInfo, scheme: Quantization.Scheme)

    /// One of `count` matrices that are stacked along the first dimension.
    func part(_ index: Int, of count: Int) -> WeightSource {
        switch self {
        case .dense(let tensor): .dense(tensor.part(index, of: count))
        case .affine(let weight, let scales, let biases, let scheme):
            .affine(
                weight: weight.part(index, of: count), scales: scales.part(index, of: count), biases: biases.part(index, of: count), scheme: scheme)
        }
    }
}

/// One matrix: `y = W x` with `rows` outputs and `columns` inputs.
public struct MatrixInfo: Sendable, Equatable {
    public var name: String
    public var rows: Int
    public var columns: Int
    public var source: WeightSource

    public var tensors: [TensorInfo] {
        switch source {
        case .dense(let tensor): [tensor]
        case .affine(let weight, let scales, let biases, _): [weight, scales, biases]
        }
    }
}

/// Where each weight of the model is, checked against the configuration.
public struct WeightMap: Sendable, Equatable {
    public var embedding: MatrixInfo
    public var layers: [Layer]
    public var finalNorm: TensorInfo
    /// Nil where the embedding serves.
    public var output: MatrixInfo?

    public struct Layer: Sendable, Equatable {
        public var inputNorm: TensorInfo
        public var query: MatrixInfo
        public var key: MatrixInfo
        public var value: MatrixInfo
        /// Nil where the architecture has none.
        public var biases: Biases?
        /// Nil where the architecture has none.
        public var headNorms: HeadNorms?
        public var attentionOutput: MatrixInfo
        public var feedForwardNorm: TensorInfo
        public var feedForward: FeedForward

        public var matrices: [MatrixInfo] { [query, key, value, attentionOutput] + feedForward.matrices }
        public var vectors: [TensorInfo] {
            [inputNorm] + (biases.map { [$0.query, $0.key, $0.value] } ?? []) + (headNorms.map { [$0.query, $0.key] } ?? []) + [feedForwardNorm]
        }
    }

    public struct Biases: Sendable, Equatable {
        public var query: TensorInfo
        public var key: TensorInfo
        public var value: TensorInfo
    }

    public struct HeadNorms: Sendable, Equatable {
        public var query: TensorInfo
        public var key: TensorInfo
    }

    public enum FeedForward: Sendable, Equatable {
        case dense(GatedMatrices)
        /// The router has a row for each expert.
        case experts(router: MatrixInfo, [GatedMatrices])

        public var matrices: [MatrixInfo] {
            switch self {
            case .dense(let one): one.matrices
            case .experts(let router, let experts): [router] + experts.flatMap(\.matrices)
            }
        }
    }

    /// `down(silu(gate x) * up x)`
    public struct GatedMatrices: Sendable, Equatable {
        public var gate: MatrixInfo
        public var up: MatrixInfo
        public var down: MatrixInfo

        public var matrices: [MatrixInfo] { [gate, up, down] }
    }

    public var matrices: [MatrixInfo] { [embedding] + layers.flatMap(\.matrices) + (output.map { [$0] } ?? []) }
    /// Norms and biases.
    public var vectors: [TensorInfo] { layers.flatMap(\.vectors) + [finalNorm] }
}
