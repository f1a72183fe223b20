/// Finds each weight of a configuration among the tensors, and checks type and shape.
struct WeightMapReader {
    let directory: String
    let configuration: ModelConfiguration
    let tensors: [String: TensorInfo]

    func read() throws(CheckpointError) -> WeightMap {
        let it = configuration
        let embedding = try matrix("model.embed_tokens", rows: it.vocabularySize, columns: it.hiddenSize)
        var layers: [WeightMap.Layer] = []
        for index in 0..<it.layers { layers.append(try layer(index)) }
        return WeightMap(
            embedding: embedding,
            layers: layers,
            finalNorm: try vector("model.norm.weight", count: it.hiddenSize),
            output: it.tiesEmbedding ? nil : try matrix("lm_head", rows: it.vocabularySize, columns: it.hiddenSize))
    }

    private func layer(_ index: Int) throws(CheckpointError) -> WeightMap.Layer {
        let it = configuration
        let layer = "model.layers.\(index)."
        let attention = layer + "self_attn."
        let feedForward = layer + "mlp."
        return WeightMap.Layer(
            inputNorm: try vector(layer + "input_layernorm.weight", count: it.hiddenSize),
            query: try matrix(attention + "q_proj", rows: it.querySize, columns: it.hiddenSize),
            key: try matrix(attention + "k_proj", rows: it.keyValueSize, columns: it.hiddenSize),
            value: try matrix(attention + "v_proj", rows: it.keyValueSize, columns: it.hiddenSize),
            queryNorm: try vector(attention + "q_norm.weight", count: it.headSize),
            keyNorm: try vector(attention + "k_norm.weight", count: it.headSize),
            attentionOutput: try matrix(attention + "o_proj", rows: it.hiddenSize, columns: it.querySize),
            feedForwardNorm: try vector(layer + "post_attention_layernorm.weight", count: it.hiddenSize),
            gate: try matrix(feedForward + "gate_proj", rows: it.intermediateSize, columns: it.hiddenSize),
            up: try matrix(feedForward + "up_proj", rows: it.intermediateSize, columns: it.hiddenSize),
            down: try matrix(feedForward + "down_proj", rows: it.hiddenSize, columns: it.intermediateSize))
    }

    private func tensor(_ name: String) throws(CheckpointError) -> TensorInfo {
        guard let tensor = tensors[name] else {
            throw CheckpointError("tensor `\(name)` is missing", hint: "config.json and the weights are not of one model", file: directory)
        }
        return tensor
    }

    private func vector(_ name: String, count: Int) throws(CheckpointError) -> TensorInfo {
        let tensor = try tensor(name)
        try checkFloat(tensor)
        try check(tensor, shape: [count])
        return tensor
    }

    private func matrix(_ module: String, rows: Int, columns: Int) throws(CheckpointError) -> MatrixInfo {
        let weight = try tensor(module + ".weight")
        guard tensors[module + ".scales"] != nil else {
            try checkFloat(weight)
            try check(weight, shape: [rows, columns])
            return MatrixInfo(name: module, rows: rows, columns: columns, source: .dense(weight))
        }
        guard let scheme = configuration.quantization?.scheme(of: module) else {
            throw CheckpointError("tensor `\(module).scales` is there, but config.json does not say how it is quantised", file: weight.file)
        }
        let scales = try tensor(module + ".scales")
        let biases = try tensor(module + ".biases")
        guard columns % scheme.groupSize == 0 else {
            throw CheckpointError("`\(module)` has \(columns) columns, not a multiple of its group size \(scheme.groupSize)", file: weight.file)
        }
        guard weight.type == .u32 else {
            throw CheckpointError("tensor `\(weight.name)` is \(weight.type.rawValue), quantised weights are U32", file: weight.file)
        }
        try check(weight, shape: [rows, columns * scheme.bits / 32])
        for part in [scales, biases] {
            try checkFloat(part)
            try check(part, shape: [rows, columns / scheme.groupSize])
        }
        guard scales.type == biases.type else {
            throw CheckpointError(
                "`\(module)` has scales of \(scales.type.rawValue) and biases of \(biases.type.rawValue)", file: weight.file)
        }
        let source = WeightSource.affine(weight: weight, scales: scales, biases: biases, scheme: scheme)
        return MatrixInfo(name: module, rows: rows, columns: columns, source: source)
    }

    private func checkFloat(_ tensor: TensorInfo) throws(CheckpointError) {
        guard tensor.type.isFloat else {
            throw CheckpointError("tensor `\(tensor.name)` is \(tensor.type.rawValue)", hint: "supported here: F32, BF16, F16", file: tensor.file)
        }
    }

    private func check(_ tensor: TensorInfo, shape: [Int]) throws(CheckpointError) {
        guard tensor.shape == shape else {
            throw CheckpointError(
                "tensor `\(tensor.name)` has the shape \(tensor.shape), config.json needs \(shape)",
                hint: "config.json and the weights are not of one model", file: tensor.file)
        }
    }
}
