import JSON
import LaunchPlan
import Messages

extension ResolvedBackend {
    convenience init(
        _ settings: ProxySettings.Backend, _ dialect: BackendDialect, key: String?, toolCallDialect: (any ToolCallDialect)? = nil
    ) throws(ProxyError) {
        var dialect = dialect
        switch settings.images {
        case .sent?: dialect.images = dialect.images ?? BackendDialect.Images()
        case .described?: dialect.images = nil
        case nil: break
        }
        // Who knows calls only as text may have types for messages that know no null, as llama-cpp-python has.
        if settings.toolCallDialect != nil, !dialect.separatesContentFromToolCalls { dialect.takesNullContent = false }
        self.init(
            settings: settings, dialect: dialect, key: key, toolCallDialect: toolCallDialect,
            shaping: settings.shaping.map(RequestShaping.init) ?? RequestShaping(),
            sampling: try settings.sampling.map { (sampling) throws(ProxyError) in try sampling.defaults(of: settings.name) } ?? SamplingDefaults(),
            extraBody: try settings.extras.map { (extras) throws(ProxyError) in try extras.members(of: settings.name) } ?? [:],
            extraHeaders: settings.extras?.headers ?? [])
    }
}

extension RequestShaping {
    init(_ settings: ProxySettings.Shaping) {
        self.init(
            allowedTools: settings.tools.map(ToolAllowList.init), stubsTools: settings.stubs ?? false, tier: settings.tier.map(PromptTier.init),
            dropsPlugins: settings.withoutPlugins ?? false, thinking: settings.noThinking.map(ThinkingWord.init))
    }
}

extension PromptTier {
    init(_ tier: ProxySettings.Shaping.Tier) {
        self =
            switch tier {
            case .minimal: .minimal
            case .moderate: .moderate
            case .aggressive: .aggressive
            case .extreme: .extreme
            }
    }
}

extension ThinkingWord {
    init(_ word: ProxySettings.Shaping.NoThinking) {
        self =
            switch word {
            case .template: .template
            case .slash: .slash
            case .nemotron: .nemotron
            }
    }
}

extension ProxySettings.Sampling {
    func defaults(of backend: String) throws(ProxyError) -> SamplingDefaults {
        var values: [SamplingDefaults.Name: JSON] = [:]
        values[.topK] = topK.map(JSON.integer)
        values[.seed] = seed.map(JSON.integer)
        let decimals: [(SamplingDefaults.Name, String?)] = [
            (.temperature, temperature), (.topP, topP), (.minP, minP), (.repetitionPenalty, repetitionPenalty),
            (.presencePenalty, presencePenalty), (.frequencyPenalty, frequencyPenalty),
        ]
        for case (let name, let text?) in decimals {
            guard let number = JSONNumber(text) else {
                throw ProxyError("`\(name.rawValue)` of backend `\(backend)` is `\(text)`, which is no number")
            }
            values[name] = .double(number.double)
        }
        return SamplingDefaults(values)
    }
}
