import JSON

/// Reads how positions are rotated.
struct RopeReader {
    private let members: ConfigurationMembers

    init(_ members: ConfigurationMembers) { self.members = members }

    /// transformers 5 writes it into `rope_parameters`, earlier ones at the top; where both leave it out, they mean 10000.
    func theta() throws(CheckpointError) -> Double {
        if members.root["rope_theta"] == nil, let parameters = try members.section("rope_parameters") {
            return try parameters.positive("rope_theta", whereMissing: 10000)
        }
        return try members.positive("rope_theta", whereMissing: 10000)
    }

    func scaling(for architecture: ModelConfiguration.Architecture) throws(CheckpointError) -> RopeScaling? {
        for key in ["rope_scaling", "rope_parameters"] {
            guard let section = try members.section(key), let kind = section.root["rope_type"] ?? section.root["type"], kind != "default" else {
                continue
            }
            guard kind == "llama3", architecture == .llama else {
                let supported = architecture == .llama ? "\"default\" and \"llama3\"" : "\"default\""
                throw CheckpointError("`\(key)` of type \(kind.text) is not supported", hint: "supported: \(supported)", file: members.file)
            }
            return try llama3(section)
        }
        return nil
    }

    private func llama3(_ section: ConfigurationMembers) throws(CheckpointError) -> RopeScaling {
        let scaling = RopeScaling(
            factor: try section.positive("factor"), lowFrequencyFactor: try section.positive("low_freq_factor"),
            highFrequencyFactor: try section.positive("high_freq_factor"),
            originalPositions: try section.count("original_max_position_embeddings", atMost: 1 << 26))
        guard scaling.highFrequencyFactor > scaling.lowFrequencyFactor else {
            throw section.wrong("`\(section.place)high_freq_factor` must be greater than `low_freq_factor`")
        }
        return scaling
    }
}
