import Checkpoint

/// Where the numbers of weights come from.
protocol WeightFilling {
    mutating func fill(_ packed: PackedMatrix, with info: MatrixInfo) throws(CheckpointError)
    mutating func vector(_ tensor: TensorInfo) throws(CheckpointError) -> [Float]
}

/// Lays a model's matrices out in one piece of memory, so that small ones lie in huge pages too. The order is that of `Weights.vectors` and
/// of `PackedFile`.
struct WeightAssembly<Filling: WeightFilling> {
    var filling: Filling
    let arena: AlignedMemory
    private var used = 0

    init(filling: Filling, arena: AlignedMemory) {
        self.filling = filling
        self.arena = arena
    }

    /// Memory for all matrices.
    static func arena(_ checkpoint: Checkpoint) throws(CheckpointError) -> AlignedMemory {
        do throws(RuntimeError) {
            return try AlignedMemory(count: PackedMatrix.bytes(of: checkpoint.weights))
        } catch {
            throw CheckpointError(error.message, hint: error.hint, file: checkpoint.directory)
        }
    }

    /// All weights, without their digest.
    mutating func assemble(_ map: WeightMap) throws(CheckpointError) -> Weights {
        let embedding = try matrix(map.embedding)
        var layers: [Weights.Layer] = []
        for layer in map.layers { layers.append(try self.layer(layer)) }
        let finalNorm = try filling.vector(map.finalNorm)
        var output: PackedMatrix?
        if let info = map.output { output = try matrix(info) }
        return Weights(embedding: embedding, layers: layers, finalNorm: finalNorm, output: output, digest: "", arena: arena)
    }

    private mutating func layer(_ layer: WeightMap.Layer) throws(CheckpointError) -> Weights.Layer {
        Weights.Layer(
            inputNorm: try filling.vector(layer.inputNorm), query: try matrix(layer.query), key: try matrix(layer.key),
            value: try matrix(layer.value), biases: try biases(layer.biases), headNorms: try headNorms(layer.headNorms),
            attentionOutput: try matrix(layer.attentionOutput), feedForwardNorm: try filling.vector(layer.feedForwardNorm),
            feedForward: try feedForward(layer.feedForward))
    }

    private mutating func biases(_ biases: WeightMap.Biases?) throws(CheckpointError) -> Weights.Biases? {
        guard let biases else { return nil }
        return Weights.Biases(
            query: try filling.vector(biases.query), key: try filling.vector(biases.key), value: try filling.vector(biases.value))
    }

    private mutating func headNorms(_ norms: WeightMap.HeadNorms?) throws(CheckpointError) -> Weights.HeadNorms? {
        guard let norms else { return nil }
        return Weights.HeadNorms(query: try filling.vector(norms.query), key: try filling.vector(norms.key))
    }

    private mutating func feedForward(_ map: WeightMap.FeedForward) throws(CheckpointError) -> Weights.FeedForward {
        switch map {
        case .dense(let one): return .dense(try gated(one))
        case .experts(let router, let experts):
            let packed = try matrix(router)
            var all: [Weights.Gated] = []
            for expert in experts { all.append(try gated(expert)) }
            return .experts(router: packed, all)
        }
    }

    private mutating func gated(_ map: WeightMap.GatedMatrices) throws(CheckpointError) -> Weights.Gated {
        Weights.Gated(gate: try matrix(map.gate), up: try matrix(map.up), down: try matrix(map.down))
    }

    /// The matrix, behind those before.
    private mutating func matrix(_ info: MatrixInfo) throws(CheckpointError) -> PackedMatrix {
        let packed = PackedMatrix(info, in: arena, at: used)
        used += packed.bytes
        try filling.fill(packed, with: info)
        return packed
    }
}
