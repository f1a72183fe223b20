/// The tensors that make up one matrix of the model.
public enum WeightSource: Sendable, Equatable {
    /// `[rows, columns]` of f32, bf16 or f16.
    case dense(TensorInfo)
    /// MLX affine: `weight` U32 `[rows, columns * bits / 32]`, lowest bits first; `scales` and `biases` `[rows, columns / group]`.
    case affine(weight: TensorInfo, scales: TensorInfo, biases: TensorInfo, scheme: Quantization.Scheme)
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
        public var queryNorm: TensorInfo
        public var keyNorm: TensorInfo
        public var attentionOutput: MatrixInfo
        public var feedForwardNorm: TensorInfo
        public var gate: MatrixInfo
        public var up: MatrixInfo
        public var down: MatrixInfo

        public var matrices: [MatrixInfo] { [query, key, value, attentionOutput, gate, up, down] }
        public var norms: [TensorInfo] { [inputNorm, queryNorm, keyNorm, feedForwardNorm] }
    }

    public var matrices: [MatrixInfo] { [embedding] + layers.flatMap(\.matrices) + (output.map { [$0] } ?? []) }
    public var norms: [TensorInfo] { layers.flatMap(\.norms) + [finalNorm] }
}
