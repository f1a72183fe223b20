import LaunchPlan

/// The keys of a backend that say what of a request its model gets, and how it chooses its words. The names are those of the earlier tool.
enum ShapingKeys {
    static let toolAllowlist = Key<[String]>.texts(
        "toolAllowlist",
        "The tools that the model is offered; `*` stands for any text, and letters count the same in either case. What the client says of a tool that"
            + " is not offered is left out too. `[]` offers none."
    ).otherwise("all")
    static let stubToolDescriptions = Key<Bool>.boolean(
        "stubToolDescriptions", default: false,
        "Whether each tool is described in one sentence, and its parameters by their names and types alone.")
    static let filterTier = Key<Tier>.choice(
        "filterTier",
        [
            Choice(Tier.auto.rawValue, "by `contextWindow`: minimal from 128k tokens on, moderate from 64k, aggressive from 32k, else extreme"),
            Choice(Tier.minimal.rawValue, "three sentences of each paragraph and point"),
            Choice(Tier.moderate.rawValue, "two sentences of each, and no blocks of code"),
            Choice(Tier.aggressive.rawValue, "one sentence of each, no blocks of code, twelve points of a list"),
            Choice(Tier.extreme.rawValue, "the first sentence, lines that stand alone, and points that name a value (`Platform: linux`)"),
        ],
        "How much of the client's own words stays, in the system prompt and in its messages in mid-conversation. The user's words are never touched."
    ).otherwise("all of it")
    static let safeSystemFilter = Key<Bool>.boolean(
        "safeSystemFilter", default: false,
        "Whether `filterTier` applies: `false` switches it off, and `true` alone means `filterTier: aggressive`."
    ).otherwise("true where `filterTier` is given")
    static let stripPluginInstructions = Key<Bool>.boolean(
        "stripPluginInstructions", default: false, "Whether what the client says of plugins, skills and MCP servers is left out.")
    static let noThink = Key<ProxySettings.Shaping.NoThinking>.choice(
        "noThink",
        [
            Choice(ProxySettings.Shaping.NoThinking.template.rawValue, "by the server's own switch (`enable_thinking`), where it has one"),
            Choice(
                ProxySettings.Shaping.NoThinking.slash.rawValue, "the same, and `/no_think` at the end of the system prompt",
                aliases: ["qwen3", "smollm3"]),
            Choice(
                ProxySettings.Shaping.NoThinking.nemotron.rawValue, "the same, and `detailed thinking off` at the beginning of the system prompt"),
        ], "How the model is told to answer without thinking."
    ).otherwise("it thinks where the client asks for it")
    static let sampling = Key<Section>.section(
        "sampling", SamplingKeys.scope, "How the model chooses its words where the client does not say; what its server does not know is not sent.")

    static let all: [KeySpec] = [
        toolAllowlist.spec, stubToolDescriptions.spec, filterTier.spec, safeSystemFilter.spec, stripPluginInstructions.spec, noThink.spec,
        sampling.spec,
    ]

    /// As values are named: those of a section behind its name.
    static let places = all.map(\.name) + SamplingKeys.scope.keys.map { "\(sampling.name).\($0.name)" }

    enum Tier: String, Sendable { case auto, minimal, moderate, aggressive, extreme }
}

enum SamplingKeys {
    private static let one = 1_000_000
    static let temperature = Key<DecimalText>.decimal("temperature", 0...2 * one, "0 takes the likeliest word each time.")
    static let topP = Key<DecimalText>.decimal("topP", 0...one, "The likeliest words that together have this probability.")
    static let topK = Key<Int>.integer("topK", 1...1_000_000, "As many of the likeliest words.")
    static let minP = Key<DecimalText>.decimal("minP", 0...one, "Words that have this part of the likeliest one's probability.")
    static let repetitionPenalty = Key<DecimalText>.decimal(
        "repetitionPenalty", one / 10...10 * one, "Above 1, words that were said become less likely.")
    static let presencePenalty = Key<DecimalText>.decimal("presencePenalty", -2 * one...2 * one, "Taken from words that were said at all.")
    static let frequencyPenalty = Key<DecimalText>.decimal(
        "frequencyPenalty", -2 * one...2 * one, "Taken from words for each time that they were said.")
    static let seed = Key<Int>.integer("seed", 0...2_147_483_647, "The same one gives the same answer.")
    static let scope = Scope(
        "sampling",
        keys: [
            temperature.spec, topP.spec, topK.spec, minP.spec, repetitionPenalty.spec, presencePenalty.spec, frequencyPenalty.spec, seed.spec,
        ])
}
