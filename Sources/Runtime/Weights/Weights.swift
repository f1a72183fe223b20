/// All weights of a model, packed.
struct Weights: Sendable {
    var embedding: PackedMatrix
    var layers: [Layer]
    /// (hidden)
    var finalNorm: [Float]
    /// Nil where the embedding serves.
    var output: PackedMatrix?
    /// Lower-case hex SHA-256 over every byte that was read, in tensor order.
    var digest: String
    /// Has all matrices.
    let arena: AlignedMemory

    var bytes: Int { arena.count + vectors.reduce(0) { $0 + 4 * $1.count } }

    /// Norms and biases, in the order of `WeightMap.vectors`.
    var vectors: [[Float]] {
        layers.flatMap { layer in
            [layer.inputNorm] + (layer.biases.map { [$0.query, $0.key, $0.value] } ?? [])
                + (layer.headNorms.map { [$0.query, $0.key] } ?? []) + [layer.feedForwardNorm]
        } + [finalNorm]
    }

    struct Layer: Sendable {
        var inputNorm: [Float]  // (hidden)
        var query: PackedMatrix  // (heads * head, hidden)
        var key: PackedMatrix  // (kv heads * head, hidden)
        var value: PackedMatrix  // (kv heads * head, hidden)
        var biases: Biases?
        var headNorms: HeadNorms?
        var attentionOutput: PackedMatrix  // (hidden, heads * head)
        var feedForwardNorm: [Float]  // (hidden)
        var feedForward: FeedForward
    }

    struct Biases: Sendable {
        var query: [Float]  // (heads * head)
        var key: [Float]  // (kv heads * head)
        var value: [Float]  // (kv heads * head)
    }

    struct HeadNorms: Sendable {
        var query: [Float]  // (head)
        var key: [Float]  // (head)
    }

    enum FeedForward: Sendable {
        case dense(Gated)
        case experts(router: PackedMatrix, [Gated])  // router: (experts, hidden)
    }

    struct Gated: Sendable {
        var gate: PackedMatrix  // (width, hidden)
        var up: PackedMatrix  // (width, hidden)
        var down: PackedMatrix  // (hidden, width)
    }
}
