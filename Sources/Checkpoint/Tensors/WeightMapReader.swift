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
        return WeightMap.Layer(
            inputNorm: try vector(layer + "input_layernorm.weight", count: it.hiddenSize),
            query: try matrix(attention + "q_proj", rows: it.querySize, columns: it.hiddenSize),
            key: try matrix(attention + "k_proj", rows: it.keyValueSize, columns: it.hiddenSize),
            value: try matrix(attention + "v_proj", rows: it.keyValueSize, columns: it.hiddenSize),
            biases: it.hasAttentionBias ? try biases(attention) : nil,
            headNorms: it.normalisesHeads ? try headNorms(attention) : nil,
            attentionOutput: try matrix(attention + "o_proj", rows: it.hiddenSize, columns: it.querySize),
            feedForwardNorm: try vector(layer + "post_attention_layernorm.weight", count: it.hiddenSize),
            feedForward: try feedForward(layer + "mlp.", index))
    }

    private func biases(_ attention: String) throws(CheckpointError) -> WeightMap.Biases {
        WeightMap.Biases(
            query: try vector(attention + "q_proj.bias", count: configuration.querySize),
            key: try vector(attention + "k_proj.bias", count: configuration.keyValueSize),
            value: try vector(attention + "v_proj.bias", count: configuration.keyValueSize))
    }

    private func headNorms(_ attention: String) throws(CheckpointError) -> WeightMap.HeadNorms {
        WeightMap.HeadNorms(
            query: try vector(attention + "q_norm.weight", count: configuration.headSize),
            key: try vector(attention + "k_norm.weight", count: configuration.headSize))
    }

    private func feedForward(_ name: String, _ index: Int) throws(CheckpointError) -> WeightMap.FeedForward {
        let hidden = configuration.hiddenSize
        guard let experts = configuration.experts, experts.areIn(layer: index) else {
            return .dense(try gated(name, width: configuration.intermediateSize))
        }
        let router = try matrix(name + "gate", rows: experts.count, columns: hidden)
        let stack = name + "switch_mlp."
        // MLX stacks the experts, transformers numbers them. Of a stack any part tells, so that the one that is missing is named.
        guard ["gate_proj", "up_proj", "down_proj"].contains(where: { tensors["\(stack)\($0).weight"] != nil }) else {
            var all: [WeightMap.GatedMatrices] = []
            for expert in 0..<experts.count { all.append(try gated("\(name)experts.\(expert).", width: experts.intermediateSize)) }
            return .experts(router: router, all)
        }
        let gate = try stacked(stack + "gate_proj", count: experts.count, rows: experts.intermediateSize, columns: hidden)
        let up = try stacked(stack + "up_proj", count: experts.count, rows: experts.intermediateSize, columns: hidden)
        let down = try stacked(stack + "down_proj", count: experts.count, rows: hidden, columns: experts.intermediateSize)
        return .experts(
            router: router, (0..<experts.count).map { WeightMap.GatedMatrices(gate: gate[$0], up: up[$0], down: down[$0]) })
    }

    private func gated(_ name: String, width: Int) throws(CheckpointError) -> WeightMap.GatedMatrices {
        WeightMap.GatedMatrices(
            gate: try matrix(name + "gate_proj", rows: width, columns: configuration.hiddenSize),
            up: try matrix(name + "up_proj", rows: width, columns: configuration.hiddenSize),
            down: try matrix(name + "down_proj", rows: configuration.hiddenSize, columns: width))
    }

    private static let remedy = "config.json and the weights are not of one model: download both again"

    private func tensor(_ name: String) throws(CheckpointError) -> TensorInfo {
        guard let tensor = tensors[name] else {
            throw CheckpointError("tensor `\(name)` is missing", hint: Self.remedy, file: directory)
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
        MatrixInfo(name: module, rows: rows, columns: columns, source: try source(module, leading: [], rows: rows, columns: columns))
    }

    /// `count` matrices of one shape, one behind the other in each tensor.
    private func stacked(_ module: String, count: Int, rows: Int, columns: Int) throws(CheckpointError) -> [MatrixInfo] {
        let all = try source(module, leading: [count], rows: rows, columns: columns)
        return (0..<count).map { MatrixInfo(name: module, rows: rows, columns: columns, source: all.part($0, of: count)) }
    }

    private func source(_ module: String, leading: [Int], rows: Int, columns: Int) throws(CheckpointError) -> WeightSource {
        let weight = try tensor(module + ".weight")
        let scheme = configuration.quantization?.scheme(of: module)
        // Words without scales are no floats of a wrong type: their scales are missing.
        guard tensors[module + ".scales"] != nil || (weight.type == .u32 && scheme != nil) else {
            try checkFloat(weight)
            try check(weight, shape: leading + [rows, columns])
            return .dense(weight)
        }
        guard let scheme else {
            throw wrong("tensor `\(module).scales` is there, but config.json does not say how it is quantised", weight)
        }
        let scales = try tensor(module + ".scales")
        let biases = try tensor(module + ".biases")
        guard columns % scheme.groupSize == 0 else {
            throw wrong("`\(module)` has \(columns) columns, not a multiple of its group size \(scheme.groupSize)", weight)
        }
        guard weight.type == .u32 else {
            throw wrong("tensor `\(weight.name)` is \(weight.type.rawValue), quantised weights are U32", weight)
        }
        try check(weight, shape: leading + [rows, columns * scheme.bits / 32])
        for part in [scales, biases] {
            try checkFloat(part)
            try check(part, shape: leading + [rows, columns / scheme.groupSize])
        }
        guard scales.type == biases.type else {
            throw wrong("`\(module)` has scales of \(scales.type.rawValue) and biases of \(biases.type.rawValue)", scales)
        }
        return .affine(weight: weight, scales: scales, biases: biases, scheme: scheme)
    }

    private func wrong(_ message: String, _ tensor: TensorInfo) -> CheckpointError {
        CheckpointError(message, hint: Self.remedy, file: tensor.file)
    }

    private func checkFloat(_ tensor: TensorInfo) throws(CheckpointError) {
        guard tensor.type.isFloat else {
            throw CheckpointError("tensor `\(tensor.name)` is \(tensor.type.rawValue)", hint: "supported here: F32, BF16, F16", file: tensor.file)
        }
    }

    private func check(_ tensor: TensorInfo, shape: [Int]) throws(CheckpointError) {
        guard tensor.shape == shape else {
            throw wrong("tensor `\(tensor.name)` has the shape \(tensor.shape), config.json needs \(shape)", tensor)
        }
    }
}
