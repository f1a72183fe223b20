import JSON

/// Reads the `quantization` section that MLX writes into `config.json`.
struct QuantizationReader {
    let file: String
    let root: JSON

    private static let schemeKeys: Set<String> = ["bits", "group_size", "mode"]

    func read() throws(CheckpointError) -> Quantization? {
        // MLX writes the section twice; the second name alone, with a `quant_method`, is another tool's format.
        guard let section = root["quantization"] ?? root["quantization_config"], !section.isNull else { return nil }
        guard let members = section.objectValue else {
            throw CheckpointError("`quantization` is \(section.typeName), not a mapping", hint: ConfigurationMembers.remedy, file: file)
        }
        if let method = section["quant_method"]?.stringValue {
            throw CheckpointError(
                "quantised by `\(method)`, which is not supported", hint: "supported: MLX affine with 4 or 8 bits, or bf16, f16 and f32", file: file)
        }
        let base = try scheme(section, at: "quantization")
        var overrides: [String: Quantization.Scheme?] = [:]
        for member in members where !Self.schemeKeys.contains(member.key) {
            if let quantised = member.value.boolValue {
                overrides[member.key] = quantised ? .some(base) : .some(nil)
            } else if member.value.objectValue != nil {
                overrides[member.key] = try scheme(member.value, at: "quantization.\(member.key)")
            }
        }
        return Quantization(base: base, overrides: overrides)
    }

    private func scheme(_ section: JSON, at place: String) throws(CheckpointError) -> Quantization.Scheme {
        if let mode = section["mode"], !mode.isNull, mode != "affine" {
            throw CheckpointError("`\(place).mode` \(mode.text) is not supported", hint: "supported: \"affine\"", file: file)
        }
        guard let bits = section["bits"]?.intValue, bits == 4 || bits == 8 else {
            throw CheckpointError("`\(place).bits` \(section["bits"]?.text ?? "(missing)") is not supported", hint: "supported: 4 and 8", file: file)
        }
        guard let group = section["group_size"]?.intValue, [32, 64, 128].contains(group) else {
            let found = section["group_size"]?.text ?? "(missing)"
            throw CheckpointError("`\(place).group_size` \(found) is not supported", hint: "supported: 32, 64 and 128", file: file)
        }
        return Quantization.Scheme(bits: bits, groupSize: group)
    }
}
