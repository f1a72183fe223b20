extension ProxySettings {
    /// What is left out of requests before a small model gets them. Each part is off where it is nil.
    public struct Shaping: Codable, Sendable, Equatable {
        /// How much of the client's own words stays, from much to little.
        public enum Tier: String, Codable, Sendable, CaseIterable { case minimal, moderate, aggressive, extreme }
        /// How the model is told not to think.
        public enum NoThinking: String, Codable, Sendable, CaseIterable { case template, slash, nemotron }

        /// Names of the tools that are offered; `*` stands for any text, and letters count the same in either case.
        public var tools: [String]?
        /// Tools are described in one sentence each.
        public var stubs: Bool?
        public var tier: Tier?
        /// What the client says of plugins, skills and MCP servers is left out.
        public var withoutPlugins: Bool?
        public var noThinking: NoThinking?

        public init(
            tools: [String]? = nil, stubs: Bool? = nil, tier: Tier? = nil, withoutPlugins: Bool? = nil, noThinking: NoThinking? = nil
        ) {
            self.tools = tools
            self.stubs = stubs
            self.tier = tier
            self.withoutPlugins = withoutPlugins
            self.noThinking = noThinking
        }

        /// Whether a tool of the name stays among those that are offered.
        public func offers(tool name: String) -> Bool {
            guard let tools else { return true }
            let letters = Array(name.lowercased().unicodeScalars)
            return tools.contains { globMatches(Array($0.lowercased().unicodeScalars), letters) }
        }

        enum CodingKeys: String, CodingKey {
            case tools, stubs, tier
            case withoutPlugins = "without_plugins"
            case noThinking = "no_thinking"
        }
    }

    /// How a model chooses its words where the client does not say. Decimals are texts, as everywhere in a plan.
    public struct Sampling: Codable, Sendable, Equatable {
        public var temperature: String?
        public var topP: String?
        public var topK: Int?
        public var minP: String?
        public var repetitionPenalty: String?
        public var presencePenalty: String?
        public var frequencyPenalty: String?
        public var seed: Int?

        public init(
            temperature: String? = nil, topP: String? = nil, topK: Int? = nil, minP: String? = nil, repetitionPenalty: String? = nil,
            presencePenalty: String? = nil, frequencyPenalty: String? = nil, seed: Int? = nil
        ) {
            self.temperature = temperature
            self.topP = topP
            self.topK = topK
            self.minP = minP
            self.repetitionPenalty = repetitionPenalty
            self.presencePenalty = presencePenalty
            self.frequencyPenalty = frequencyPenalty
            self.seed = seed
        }

        enum CodingKeys: String, CodingKey {
            case temperature, seed
            case topP = "top_p"
            case topK = "top_k"
            case minP = "min_p"
            case repetitionPenalty = "repetition_penalty"
            case presencePenalty = "presence_penalty"
            case frequencyPenalty = "frequency_penalty"
        }
    }
}
