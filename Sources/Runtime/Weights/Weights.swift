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

    struct Layer: Sendable {
        var inputNorm: [Float]  // (hidden)
        var query: PackedMatrix  // (heads * head, hidden)
        var key: PackedMatrix  // (kv heads * head, hidden)
        var value: PackedMatrix  // (kv heads * head, hidden)
        var queryNorm: [Float]  // (head)
        var keyNorm: [Float]  // (head)
        var attentionOutput: PackedMatrix  // (hidden, heads * head)
        var feedForwardNorm: [Float]  // (hidden)
        var gate: PackedMatrix  // (intermediate, hidden)
        var up: PackedMatrix  // (intermediate, hidden)
        var down: PackedMatrix  // (hidden, intermediate)
    }

    var bytes: Int {
        layers.reduce(embedding.bytes + (output?.bytes ?? 0) + finalNorm.count * 4) { sum, layer in
            sum + [layer.query, layer.key, layer.value, layer.attentionOutput, layer.gate, layer.up, layer.down].reduce(0) { $0 + $1.bytes }
        }
    }
}
