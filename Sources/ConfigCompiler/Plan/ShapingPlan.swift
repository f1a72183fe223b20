import LaunchPlan

/// A backend's shaping keys as the proxy is told them; nil where nothing is asked for.
struct ShapingPlan {
    let section: Section

    var shaping: ProxySettings.Shaping? {
        let shaping = ProxySettings.Shaping(
            tools: section[ShapingKeys.toolAllowlist], stubs: section[ShapingKeys.stubToolDescriptions] ? true : nil, tier: tier,
            withoutPlugins: section[ShapingKeys.stripPluginInstructions] ? true : nil, noThinking: section[ShapingKeys.noThink])
        return shaping == .init() ? nil : shaping
    }

    private var tier: ProxySettings.Shaping.Tier? {
        let isSaid = section.has(ShapingKeys.safeSystemFilter)
        let isWanted = section[ShapingKeys.safeSystemFilter]
        if isSaid, !isWanted { return nil }
        switch section[ShapingKeys.filterTier] {
        case nil: return isWanted ? .aggressive : nil
        case .minimal: return .minimal
        case .moderate: return .moderate
        case .aggressive: return .aggressive
        case .extreme: return .extreme
        case .auto: return automatic
        }
    }

    private var automatic: ProxySettings.Shaping.Tier {
        switch section[BackendKeys.contextWindow] {
        case let window? where window >= 131_072: .minimal
        case let window? where window >= 65_536: .moderate
        case let window? where window < 32_768: .extreme
        default: .aggressive
        }
    }

    var sampling: ProxySettings.Sampling? {
        guard let keys = section[ShapingKeys.sampling] else { return nil }
        let sampling = ProxySettings.Sampling(
            temperature: keys[SamplingKeys.temperature]?.text, topP: keys[SamplingKeys.topP]?.text, topK: keys[SamplingKeys.topK],
            minP: keys[SamplingKeys.minP]?.text, repetitionPenalty: keys[SamplingKeys.repetitionPenalty]?.text,
            presencePenalty: keys[SamplingKeys.presencePenalty]?.text, frequencyPenalty: keys[SamplingKeys.frequencyPenalty]?.text,
            seed: keys[SamplingKeys.seed])
        return sampling == .init() ? nil : sampling
    }
}
