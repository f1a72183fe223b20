import JSON

/// Reads which layers have experts, and what they are like.
struct ExpertsReader {
    private let members: ConfigurationMembers

    init(_ members: ConfigurationMembers) { self.members = members }

    func read() throws(CheckpointError) -> Experts {
        let experts = Experts(
            count: try members.count("num_experts", atMost: 4096), perToken: try members.count("num_experts_per_tok", atMost: 64),
            intermediateSize: try members.count("moe_intermediate_size", atMost: 1 << 20),
            normalisesWeights: try members.flag("norm_topk_prob"),
            step: try members.count("decoder_sparse_step", atMost: 1024, whereMissing: 1), denseLayers: try denseLayers())
        guard experts.perToken <= experts.count else {
            throw members.wrong("`num_experts_per_tok` \(experts.perToken) is more than `num_experts` \(experts.count)")
        }
        return experts
    }

    private func denseLayers() throws(CheckpointError) -> Set<Int> {
        guard let value = members.root["mlp_only_layers"], !value.isNull else { return [] }
        guard let list = value.arrayValue else {
            throw members.wrong("`mlp_only_layers` is \(value.typeName), not a list")
        }
        var layers: Set<Int> = []
        for element in list {
            guard let layer = element.intValue else {
                throw members.wrong("`mlp_only_layers` holds \(element.text), not a layer's number")
            }
            layers.insert(layer)
        }
        return layers
    }
}
