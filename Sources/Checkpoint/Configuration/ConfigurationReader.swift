import JSON

/// Reads `config.json` into a `ModelConfiguration`, refusing what the runtime would compute wrongly.
struct ConfigurationReader {
    let file: String
    let root: JSON

    init(file: String) throws(CheckpointError) {
        self.file = file
        let input = try InputFile(file)
        guard input.size <= 16 << 20 else { throw CheckpointError("is larger than 16 MiB", hint: "this is not a model's config.json", file: file) }
        let bytes = try input.read(count: input.size, at: 0)
        do throws(JSONError) {
            root = try JSON(parsing: bytes)
        } catch {
            throw CheckpointError("is not JSON: \(error)", hint: "download the file again", file: file)
        }
        guard root.objectValue != nil else { throw CheckpointError("holds \(root.typeName), not a mapping", file: file) }
    }

    func read() throws(CheckpointError) -> ModelConfiguration {
        let architecture = try architecture()
        try refuseUnsupported()
        let configuration = ModelConfiguration(
            architecture: architecture,
            layers: try count("num_hidden_layers", atMost: 1024),
            hiddenSize: try count("hidden_size", atMost: 1 << 18),
            intermediateSize: try count("intermediate_size", atMost: 1 << 20),
            attentionHeads: try count("num_attention_heads", atMost: 1024),
            keyValueHeads: try count("num_key_value_heads", atMost: 1024),
            // Where it is missing, Qwen3Config means 128, not hidden_size / num_attention_heads.
            headSize: try count("head_dim", atMost: 1024, whereMissing: 128),
            vocabularySize: try count("vocab_size", atMost: 1 << 24),
            maxPositions: try count("max_position_embeddings", atMost: 1 << 26),
            ropeTheta: try ropeTheta(),
            normEpsilon: Float(try positive("rms_norm_eps")),
            tiesEmbedding: try flag("tie_word_embeddings"),
            quantization: try QuantizationReader(file: file, root: root).read(),
            endTokens: try tokens("eos_token_id"),
            beginToken: try tokens("bos_token_id").first)
        try check(configuration)
        return configuration
    }

    private func architecture() throws(CheckpointError) -> ModelConfiguration.Architecture {
        let names = root["architectures"]?.arrayValue?.compactMap(\.stringValue) ?? []
        let type = root["model_type"]?.stringValue
        if let known = names.lazy.compactMap(ModelConfiguration.Architecture.init(rawValue:)).first { return known }
        if names.isEmpty, type == "qwen3" { return .qwen3 }
        let supported = ModelConfiguration.Architecture.allCases.map(\.rawValue).joined(separator: ", ")
        guard let name = names.first ?? type else {
            throw CheckpointError(
                "names no architecture (`architectures`, `model_type`)", hint: "a model of one of these is needed: \(supported)", file: file)
        }
        throw CheckpointError("architecture `\(name)` is not supported", hint: "supported: \(supported)", file: file)
    }

    /// Settings that change the computation, and that this runtime does not compute.
    private func refuseUnsupported() throws(CheckpointError) {
        if let activation = root["hidden_act"], activation != "silu" {
            throw CheckpointError("`hidden_act` \(activation.text) is not supported", hint: "supported: \"silu\"", file: file)
        }
        if try flag("attention_bias") {
            throw CheckpointError("`attention_bias` is not supported for this architecture", file: file)
        }
        if try flag("use_sliding_window") {
            throw CheckpointError("`use_sliding_window` is not supported", hint: "set it to false where the prompt fits the window", file: file)
        }
        if let kinds = root["layer_types"]?.arrayValue, let other = kinds.first(where: { $0 != "full_attention" }) {
            throw CheckpointError("`layer_types` holds \(other.text)", hint: "supported: \"full_attention\"", file: file)
        }
        for key in ["rope_scaling", "rope_parameters"] {
            guard let scaling = root[key], !scaling.isNull else { continue }
            let kind = scaling["rope_type"] ?? scaling["type"]
            if let kind, kind != "default" {
                throw CheckpointError("`\(key)` of type \(kind.text) is not supported", hint: "supported: \"default\"", file: file)
            }
        }
    }

    private func check(_ it: ModelConfiguration) throws(CheckpointError) {
        if it.attentionHeads % it.keyValueHeads != 0 {
            throw CheckpointError(
                "`num_attention_heads` \(it.attentionHeads) is not a multiple of `num_key_value_heads` \(it.keyValueHeads)", file: file)
        }
        if it.headSize % 2 != 0 { throw CheckpointError("`head_dim` \(it.headSize) is odd", file: file) }
        if let token = it.endTokens.first(where: { $0 < 0 || Int($0) >= it.vocabularySize }) {
            throw CheckpointError("`eos_token_id` \(token) is outside the vocabulary of \(it.vocabularySize)", file: file)
        }
    }

    // MARK: Members

    private func count(_ key: String, atMost limit: Int, whereMissing fallback: Int? = nil) throws(CheckpointError) -> Int {
        guard let value = root[key], !value.isNull else {
            if let fallback { return fallback }
            throw CheckpointError("`\(key)` is missing", file: file)
        }
        guard let number = value.intValue else { throw CheckpointError("`\(key)` is \(value.typeName), not an integer", file: file) }
        guard (1...limit).contains(number) else { throw CheckpointError("`\(key)` \(number) is outside 1 to \(limit)", file: file) }
        return number
    }

    private func positive(_ key: String, of parent: JSON? = nil) throws(CheckpointError) -> Double {
        guard let value = (parent ?? root)[key] else { throw CheckpointError("`\(key)` is missing", file: file) }
        guard let number = value.doubleValue else { throw CheckpointError("`\(key)` is \(value.typeName), not a number", file: file) }
        guard number > 0, number.isFinite else { throw CheckpointError("`\(key)` must be positive", file: file) }
        return number
    }

    /// transformers 5 writes it into `rope_parameters`, earlier ones at the top.
    private func ropeTheta() throws(CheckpointError) -> Double {
        if root["rope_theta"] == nil, let parameters = root["rope_parameters"] { return try positive("rope_theta", of: parameters) }
        return try positive("rope_theta")
    }

    private func flag(_ key: String) throws(CheckpointError) -> Bool {
        guard let value = root[key], !value.isNull else { return false }
        guard let flag = value.boolValue else { throw CheckpointError("`\(key)` is \(value.typeName), not a boolean", file: file) }
        return flag
    }

    /// A token id, a list of them, or nothing.
    func tokens(_ key: String) throws(CheckpointError) -> [Int32] {
        guard let value = root[key], !value.isNull else { return [] }
        var tokens: [Int32] = []
        for element in value.arrayValue ?? [value] {
            guard let id = element.intValue, let token = Int32(exactly: id) else {
                throw CheckpointError("`\(key)` holds \(element.text), not a token id", file: file)
            }
            tokens.append(token)
        }
        return tokens
    }
}
