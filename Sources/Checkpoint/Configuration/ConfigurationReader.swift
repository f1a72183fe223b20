import JSON

/// Reads `config.json` into a `ModelConfiguration`, refusing what the runtime would compute wrongly.
struct ConfigurationReader {
    let file: String
    let root: JSON
    private var members: ConfigurationMembers { ConfigurationMembers(file: file, root: root) }

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
        let rope = RopeReader(members)
        let configuration = ModelConfiguration(
            architecture: architecture,
            layers: try members.count("num_hidden_layers", atMost: 1024),
            hiddenSize: try members.count("hidden_size", atMost: 1 << 18),
            intermediateSize: try members.count("intermediate_size", atMost: 1 << 20),
            experts: architecture == .qwen3Experts ? try ExpertsReader(members).read() : nil,
            attentionHeads: try members.count("num_attention_heads", atMost: 1024),
            keyValueHeads: try keyValueHeads(architecture),
            headSize: try headSize(architecture),
            vocabularySize: try members.count("vocab_size", atMost: 1 << 24),
            maxPositions: try members.count("max_position_embeddings", atMost: 1 << 26),
            ropeTheta: try rope.theta(),
            ropeScaling: try rope.scaling(for: architecture),
            normEpsilon: Float(try members.positive("rms_norm_eps")),
            tiesEmbedding: try members.flag("tie_word_embeddings"),
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
        let types: [String: ModelConfiguration.Architecture] = ["qwen2": .qwen2, "qwen3": .qwen3, "qwen3_moe": .qwen3Experts, "llama": .llama]
        if names.isEmpty, let type, let known = types[type] { return known }
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
        for key in ["attention_bias", "mlp_bias"] where try members.flag(key) {
            throw members.wrong("`\(key)` is not supported for this architecture")
        }
        if try members.flag("use_sliding_window") {
            throw CheckpointError("`use_sliding_window` is not supported", hint: "set it to false where the prompt fits the window", file: file)
        }
        if let kinds = root["layer_types"]?.arrayValue, let other = kinds.first(where: { $0 != "full_attention" }) {
            throw CheckpointError("`layer_types` holds \(other.text)", hint: "supported: \"full_attention\"", file: file)
        }
    }

    private func check(_ it: ModelConfiguration) throws(CheckpointError) {
        if it.attentionHeads % it.keyValueHeads != 0 {
            throw members.wrong("`num_attention_heads` \(it.attentionHeads) is not a multiple of `num_key_value_heads` \(it.keyValueHeads)")
        }
        guard it.headSize > 0 else { throw members.wrong("`hidden_size` is less than `num_attention_heads`") }
        if it.headSize % 2 != 0 { throw members.wrong("`head_dim` \(it.headSize) is odd") }
        if let token = it.endTokens.first(where: { $0 < 0 || Int($0) >= it.vocabularySize }) {
            throw members.wrong("`eos_token_id` \(token) is outside the vocabulary of \(it.vocabularySize)")
        }
    }

    private func headSize(_ architecture: ModelConfiguration.Architecture) throws(CheckpointError) -> Int {
        // Where it is missing, Qwen3Config means 128, not hidden_size / num_attention_heads.
        if architecture == .qwen3 { return try members.count("head_dim", atMost: 1024, whereMissing: 128) }
        let share = try members.count("hidden_size", atMost: 1 << 18) / members.count("num_attention_heads", atMost: 1024)
        return try members.count("head_dim", atMost: 1024, whereMissing: share)
    }

    private func keyValueHeads(_ architecture: ModelConfiguration.Architecture) throws(CheckpointError) -> Int {
        let all = architecture == .llama ? try members.count("num_attention_heads", atMost: 1024) : nil
        return try members.count("num_key_value_heads", atMost: 1024, whereMissing: all)
    }

    /// A token id, a list of them, or nothing.
    func tokens(_ key: String) throws(CheckpointError) -> [Int32] {
        guard let value = root[key], !value.isNull else { return [] }
        var tokens: [Int32] = []
        for element in value.arrayValue ?? [value] {
            guard let id = element.intValue, let token = Int32(exactly: id) else {
                throw members.wrong("`\(key)` holds \(element.text), not a token id")
            }
            tokens.append(token)
        }
        return tokens
    }
}
