/// Bytes of memory that the native runtime will hold.
public struct MemoryEstimate: Sendable, Equatable {
    /// The weights as they are packed for the kernels.
    public var weights: Int
    /// Keys and values of all slots at their full length.
    public var keysAndValues: Int
    /// Activations, logits and the process itself.
    public var overhead: Int

    public var total: Int { weights + keysAndValues + overhead }
}

extension Checkpoint {
    /// Bytes of all tensors that are used, as they are on disk.
    public var weightBytes: Int {
        weights.matrices.flatMap(\.tensors).reduce(0) { $0 + $1.range.count } + weights.norms.reduce(0) { $0 + $1.range.count }
    }

    /// Bytes of keys and values of one token, over all layers. The runtime keeps two bytes an element (bf16), four in its reference precision.
    public func kvBytesPerToken(elementSize: Int = 2) -> Int {
        2 * configuration.layers * configuration.keyValueSize * elementSize
    }

    /// What the runtime needs for `slots` sequences of `contextTokens` each.
    ///
    /// Keys and values come in blocks of 256 tokens; packed matrices have a multiple of 16 rows, and f16 is widened to f32.
    public func memoryEstimate(contextTokens: Int, slots: Int) -> MemoryEstimate {
        let blocks = max(contextTokens - 1, 0) / 256 + 1
        let it = configuration
        let perToken = 4 * (3 * it.hiddenSize + 2 * it.querySize + 2 * it.keyValueSize + 2 * it.intermediateSize)
        let logits = Self.product([max(slots, 1), it.vocabularySize, 4])
        return MemoryEstimate(
            weights: weights.matrices.reduce(0) { $0 + Self.packedBytes($1) } + weights.norms.reduce(0) { $0 + 4 * $1.shape.reduce(1, *) },
            keysAndValues: Self.product([max(slots, 1), blocks, 256, kvBytesPerToken()]),
            overhead: min(logits, Self.mostBytes) + 512 * perToken + (48 << 20))
    }

    /// More than any machine has; what is beyond is not told apart, so that sums of a few such numbers are numbers still.
    private static let mostBytes = 1 << 60

    private static func product(_ factors: [Int]) -> Int {
        factors.reduce(1) { product, factor in
            let (next, overflows) = product.multipliedReportingOverflow(by: factor)
            return overflows ? mostBytes : min(next, mostBytes)
        }
    }

    private static func packedBytes(_ matrix: MatrixInfo) -> Int {
        let rows = (matrix.rows + 15) / 16 * 16
        switch matrix.source {
        case .dense(let tensor):
            return tensor.type == .bf16 ? rows * (matrix.columns + 1) / 2 * 4 : rows * matrix.columns * 4
        case .affine(_, let scales, _, let scheme):
            let groupBytes = 2 * (scales.type == .bf16 ? 2 : 4)
            return rows * matrix.columns * scheme.bits / 8 + rows * (matrix.columns / scheme.groupSize) * groupBytes
        }
    }
}
